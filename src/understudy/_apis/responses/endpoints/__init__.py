"""What each operation of the Responses API does."""
