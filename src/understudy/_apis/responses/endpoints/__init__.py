"""The operations of the Responses API."""
