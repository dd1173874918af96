"""The Assistants API, v2, as a view of the engine."""
