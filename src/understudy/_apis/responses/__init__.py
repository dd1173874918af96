"""The Responses API, with its conversations and items, as a view of the engine."""
