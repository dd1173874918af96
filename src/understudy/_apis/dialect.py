"""Whose API a request speaks: OpenAI's own, or Azure's, which is the same but for its headers, models and some errors."""

from __future__ import annotations

from understudy._common.messages import Request

API_VERSION = "api-version"  # in the query of every request to Azure [DOCS]


def is_azure(request: Request) -> bool:
    """Say whether a request is for Azure, where a model is a deployment, named as its owner likes [DOCS].

    Known by its path (`/openai/...`), its key (`api-key`) or its query (`api-version`).
    """
    if request.path.startswith("/openai/") or request.header("api-key") is not None:
        return True
    return any(name == API_VERSION for name, _ in request.query)
