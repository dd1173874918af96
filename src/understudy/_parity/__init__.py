"""Compare two apps on one script.

Whether the port does for the user what the old app did, and what it does not.
"""
