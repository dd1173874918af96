"""Who answers a request that an HTTP library is about to send: the one question that every stack asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from understudy._common.messages import Handler
from understudy._http import current
from understudy._http.hosts import is_ours
from understudy._http.neighbours import vcrpy_answers

_guards: list[Handler] = []
_let_out: ContextVar[bool] = ContextVar("understudy_let_out", default=False)


def handler_for(client: object, is_mocked: Callable[[], bool] = vcrpy_answers) -> Handler | None:
    """Return the handler that answers for a client here: a simulation or a cassette, else the guard; None without any.

    Args:
        client: what the library keeps its connections in; it belongs to the activation that it last asked in.
        is_mocked: whether another tool answers this library's clients, so that the guard stands aside.
    """
    if _let_out.get():
        return None
    handler = current.handler_for(client)
    if handler is None and _guards and not is_mocked():
        return _guards[-1]
    return handler


def answering(client: object, host: str, port: int | None, headers: Mapping[str, str]) -> Handler | None:
    """Return the handler for this very request; None for one that is not ours, which goes where it was going.

    Args:
        headers: must look names up in any case, see `lower_case`.
    """
    handler = handler_for(client)
    return handler if handler is not None and is_ours(host, headers, handler.rules, port) else None


def lower_case(headers: Iterable[tuple[str | bytes, str | bytes]]) -> dict[str, str]:
    """Headers by their name in lower case; a header object of any library gives its pairs by `.items()`."""
    return {_text(name).lower(): _text(value) for name, value in headers}


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else str(part)


@contextmanager
def answered_by_default(handler: Handler) -> Iterator[None]:
    """Have a handler answer wherever nothing is active, on every thread, until the block is left: the guard does."""
    _guards.append(handler)
    try:
        yield
    finally:
        _guards.remove(handler)


@contextmanager
def letting_out() -> Iterator[None]:
    """Send what a handler has forwarded: it was asked, and is not asked again by what lies nearer to the network."""
    before = _let_out.set(True)
    try:
        yield
    finally:
        _let_out.reset(before)
