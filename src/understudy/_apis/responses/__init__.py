"""The Responses API: responses, conversations and their items, as a view of the engine."""
