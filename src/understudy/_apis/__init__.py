"""The APIs as faces of the engine: operations, checks, JSON, streams, errors."""
