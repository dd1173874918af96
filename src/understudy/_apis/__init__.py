"""The faces of the engine: operations, checks, JSON, server-sent events, texts of errors."""
