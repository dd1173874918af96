"""Guards the way from httpx and httpx2 to the network, for clients that do not ask `_transport_for_url`.

A subclass may override that method, or use `self._transport` in a `send()` of its own. What is about to leave by a
transport with a network behind it is asked about here once more; what a handler has forwarded passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from understudy._http.answering import handler_for
from understudy._http.neighbours import another_answers
from understudy._http.transports import transport_class


def guards(lib: ModuleType) -> Iterator[tuple[type, str, Any]]:
    """Give what is to be replaced in a library: a class, the name of its method, and the method's guarded form."""
    intercepting = transport_class(lib)

    def guarded(original: Any, name: str) -> Any:
        def handle(self: Any, request: Any) -> Any:  # the async form gives what is to be awaited
            handler = handler_for(self, partial(another_answers, lib))
            if handler is None:
                return original(self, request)
            return getattr(intercepting(handler, _Unguarded(self, original)), name)(request)

        return handle

    for owner, name in ((lib.HTTPTransport, "handle_request"), (lib.AsyncHTTPTransport, "handle_async_request")):
        yield owner, name, guarded(getattr(owner, name), name)


class _Unguarded:
    """A transport as it was before it was guarded."""

    __slots__ = ("_original", "_transport")

    def __init__(self, transport: Any, original: Any) -> None:
        self._transport = transport
        self._original = original

    def handle_request(self, request: Any) -> Any:
        return self._original(self._transport, request)

    handle_async_request = handle_request  # what it gives is awaited by whoever asked
