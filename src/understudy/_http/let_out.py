"""A request on its way out, with our leave: whatever it passes below lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_let_out: ContextVar[bool] = ContextVar("understudy_let_out", default=False)


@contextmanager
def letting_out() -> Iterator[None]:
    """Send what a handler has forwarded: it was asked, and is not asked again by what lies nearer to the network."""
    before = _let_out.set(True)
    try:
        yield
    finally:
        _let_out.reset(before)


def is_let_out() -> bool:
    """Say whether the request being sent here was forwarded by a handler."""
    return _let_out.get()
