"""The pytest plugin: options, markers, fixtures, and the terminal's summary."""

pytest_plugins = (
    "understudy.pytest_plugin.hooks",
    "understudy.pytest_plugin.phases",
    "understudy.pytest_plugin.fixtures",
)
