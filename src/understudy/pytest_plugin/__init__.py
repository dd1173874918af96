"""The pytest plugin: options, markers, fixtures, and what the terminal says at the end."""

pytest_plugins = ("understudy.pytest_plugin.hooks",)
