"""A guard in the network transports of httpx and httpx2.

For clients that do not call `_transport_for_url`: a subclass may override it, or use `self._transport` in its own
`send()`. A request about to leave by a network transport is checked here once more; forwarded ones pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from understudy._http.current import handler_for
from understudy._http.neighbours import another_answers
from understudy._http.transports import transport_class


def guards(lib: ModuleType) -> Iterator[tuple[type, str, Any]]:
    """Yield the replacements in a library: class, method name, guarded method."""
    intercepting = transport_class(lib)

    def guard(original: Any, name: str) -> Any:
        def handle(self: Any, request: Any) -> Any:  # the async form returns an awaitable
            handler = handler_for(self, partial(another_answers, lib))
            if handler is None:
                return original(self, request)
            return getattr(intercepting(handler, _Unguarded(self, original)), name)(request)

        return handle

    for owner, name in ((lib.HTTPTransport, "handle_request"), (lib.AsyncHTTPTransport, "handle_async_request")):
        yield owner, name, guard(getattr(owner, name), name)


class _Unguarded:
    """A transport with its original method."""

    __slots__ = ("_original", "_transport")

    def __init__(self, transport: Any, original: Any) -> None:
        self._transport = transport
        self._original = original

    def handle_request(self, request: Any) -> Any:
        return self._original(self._transport, request)

    handle_async_request = handle_request  # the caller awaits the result
