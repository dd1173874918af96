"""The API's face: operations, JSON, SSE, texts of errors. Parses, checks and renders; opens no socket."""
