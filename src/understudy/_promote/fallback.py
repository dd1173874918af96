"""Fallback: a backend takes over where a recording has no answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from understudy._backend.backend import Backend
from understudy._common.messages import Answer, Request, Response
from understudy._promote.promotion import from_cassette


def backend_fallback(path: Path, backend: Backend) -> Callable[[list[Request]], Answer]:
    """Return a fallback that answers from a backend once a recording has no answer.

    See `CassetteSession`'s `on_miss`. The backend is set up from the recording at once, so that
    scripts the test sets later come after the recorded ones. At the first request without a
    recorded answer, the backend is sent every earlier request first: it then holds what the app has
    seen created, under the recorded ids.
    """
    from_cassette(path, into=backend)
    has_taken_over = False

    def take_over(asked: list[Request]) -> Answer:
        nonlocal has_taken_over
        if not has_taken_over:
            has_taken_over = True
            for request in asked[:-1]:
                _ask(backend, request)
        return backend.handle(asked[-1])

    return take_over


def _ask(backend: Backend, request: Request) -> None:
    """Send a request for its effect; read a stream to its end."""
    answer = backend.handle(request)
    if isinstance(answer, Response) and answer.stream is not None:
        for _ in answer.stream:
            pass
