"""The Responses API, through the real SDK."""
