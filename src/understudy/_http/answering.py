"""The handler of a request: the one question that every stack asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from understudy._common.messages import Handler
from understudy._http import current
from understudy._http.hosts import is_ours
from understudy._http.neighbours import vcrpy_answers

_guards: list[Handler] = []
_is_forwarding: ContextVar[bool] = ContextVar("understudy_is_forwarding", default=False)


def handler_for(client: object, is_mocked: Callable[[], bool] = vcrpy_answers) -> Handler | None:
    """Return the handler that answers a client here, or None.

    That is a simulation or a cassette, else the guard.

    Args:
        client: the object in which the library keeps its connections; it belongs to the activation in which it last sent a
            request.
        is_mocked: whether another tool answers the clients of this library, so that the guard does not.
    """
    if _is_forwarding.get():
        return None
    handler = current.handler_for(client)
    if handler is None and _guards and not is_mocked():
        return _guards[-1]
    return handler


def handler_of_request(client: object, host: str, port: int | None, headers: Mapping[str, str]) -> Handler | None:
    """Return the handler of a request, or None if it is not for the API.

    Args:
        client: see `handler_for`.
        host, port: the server that the request is for.
        headers: must find names in any case, see `lower_case`.
    """
    handler = handler_for(client)
    return handler if handler is not None and is_ours(host, headers, handler.rules, port) else None


def lower_case(headers: Iterable[tuple[str | bytes, str | bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case.

    `headers`: name and value pairs, such as the `.items()` of any library's header object.
    """
    return {_text(name).lower(): _text(value) for name, value in headers}


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else str(part)


def answer_for_good(handler: Handler) -> None:
    """Answer with a handler wherever nothing is active, until the process ends."""
    _guards.append(handler)


@contextmanager
def answer_by_default(handler: Handler) -> Iterator[None]:
    """Answer with a handler wherever nothing is active, within the block.

    On every thread. For the guard.
    """
    _guards.append(handler)
    try:
        yield
    finally:
        _guards.remove(handler)


@contextmanager
def forwarding() -> Iterator[None]:
    """Send a forwarded request, within the block, without asking a handler again.

    The lower layers of the same library would ask a second time.
    """
    before = _is_forwarding.set(True)
    try:
        yield
    finally:
        _is_forwarding.reset(before)
