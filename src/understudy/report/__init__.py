"""What tests exercised and what happened in them, for people to read."""
