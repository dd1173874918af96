"""The API path within a URL path, after `/v1`, `/openai` or a proxy's prefix."""

from __future__ import annotations

# The first segment of every path of the API, simulated or not: where the API path begins.
ROOTS = frozenset(
    [
        "assistants",
        "threads",
        "files",
        "uploads",
        "vector_stores",
        "models",
        "chat",
        "completions",
        "embeddings",
        "responses",
        "conversations",
        "images",
        "audio",
        "moderations",
        "batches",
        "fine_tuning",
        "realtime",
        "evals",
        "containers",
        "videos",
        "organization",
    ]
)


def api_path(path: str, roots: frozenset[str] = ROOTS) -> str:
    """Remove everything before the API path.

    A path without any of the API's roots is returned unchanged.

    >>> api_path("/v1/threads/thread_1/runs")
    '/threads/thread_1/runs'
    >>> api_path("/proxy/openai/assistants")
    '/assistants'
    """
    if path.startswith("/v1/") and path[4:].partition("/")[0] in roots:
        return path[3:]
    segments = path.split("/")
    for position, segment in enumerate(segments):
        if segment in roots:
            return "/" + "/".join(segments[position:])
    return path
