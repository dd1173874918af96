"""OpenAI clients with a handler as transport: no interception, key or network."""

from __future__ import annotations

from typing import Any

from understudy._common.messages import Handler
from understudy._http import transport_for
from understudy._http.api_key import KEY


def client(handler: Handler, *, asynchronous: bool, options: dict[str, Any]) -> Any:
    """Return an `OpenAI` or `AsyncOpenAI` client whose transport is the handler.

    On the HTTP library that the installed openai uses. It follows redirects, as the SDK's own client does.
    """
    import openai
    from openai import _base_client

    base: Any = _base_client
    lib = getattr(base, "httpx2", None) or base.httpx  # 3.x uses httpx2, 1.x and 2.x use httpx
    transport = transport_for(handler, lib)
    options.setdefault("api_key", KEY)
    if asynchronous:
        return openai.AsyncOpenAI(http_client=lib.AsyncClient(transport=transport, follow_redirects=True), **options)
    return openai.OpenAI(http_client=lib.Client(transport=transport, follow_redirects=True), **options)
