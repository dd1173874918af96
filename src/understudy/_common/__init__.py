"""Shared by all packages: HTTP messages, observers, values whose repr is code."""
