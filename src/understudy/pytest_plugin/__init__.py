"""The pytest plugin: options, markers and fixtures. No logic."""

pytest_plugins = ("understudy.pytest_plugin.hooks",)
