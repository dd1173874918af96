"""The settings of an inner project's ini file."""

INI = """
    [pytest]
    understudy_api_key = true
    filterwarnings =
        error
        ignore:The Assistants API is deprecated
        ignore:deprecated$
    asyncio_default_fixture_loop_scope = function
"""
