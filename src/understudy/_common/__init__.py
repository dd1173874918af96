"""What every room may use: HTTP messages as values, observers, values whose repr is code."""
