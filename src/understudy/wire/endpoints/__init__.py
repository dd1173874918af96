"""The operations, one file a resource: each takes a checked `Call` and gives the JSON value to answer with."""
