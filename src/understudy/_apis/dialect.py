"""The dialect of a request: OpenAI's own, or Azure's.

Azure's differs in its headers, its models and some errors.
"""

from __future__ import annotations

from understudy._common.messages import Request

API_VERSION = "api-version"  # in the query of every request to Azure [DOCS]


def is_azure(request: Request) -> bool:
    """Return whether a request is for Azure [DOCS].

    There, a model is a deployment, with a name of the owner's choice. Recognized by the path (`/openai/...`), the key
    (`api-key`) or the query (`api-version`).
    """
    if request.path.startswith("/openai/") or request.header("api-key") is not None:
        return True
    return API_VERSION in request.url and any(name == API_VERSION for name, _ in request.query)
