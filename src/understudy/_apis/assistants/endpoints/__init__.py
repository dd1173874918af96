"""The operations on assistants, threads, messages, runs and run steps."""
