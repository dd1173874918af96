"""OpenAI clients that are wired to a handler directly: no interception, no key, no network."""

from __future__ import annotations

from typing import Any

from understudy._common.messages import Handler
from understudy._http import transport_for
from understudy._http.api_key import KEY


def client(handler: Handler, *, asynchronous: bool, options: dict[str, Any]) -> Any:
    """Return an `OpenAI` or `AsyncOpenAI` whose transport is the handler, on the HTTP library that this openai speaks.

    It follows redirects, as the SDK's own does.
    """
    import openai
    from openai import _base_client

    spoken: Any = _base_client
    lib = getattr(spoken, "httpx2", None) or spoken.httpx  # 3.x speaks httpx2, 1.x and 2.x httpx
    transport = transport_for(handler, lib)
    options.setdefault("api_key", KEY)
    if asynchronous:
        return openai.AsyncOpenAI(http_client=lib.AsyncClient(transport=transport, follow_redirects=True), **options)
    return openai.OpenAI(http_client=lib.Client(transport=transport, follow_redirects=True), **options)
