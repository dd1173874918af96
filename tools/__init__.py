"""Generators of the repository's own pages and measures of the source.

Not in the wheel.
"""
