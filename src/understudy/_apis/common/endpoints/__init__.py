"""The operations on files, uploads, vector stores and models."""
