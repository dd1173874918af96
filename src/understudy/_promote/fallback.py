"""Leaving the recorded path: a backend takes over where a recording has no answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from understudy._backend.backend import Backend
from understudy._common.messages import Answer, Request, Response
from understudy._promote.promotion import from_cassette


def leaving(path: Path, backend: Backend) -> Callable[[list[Request]], Answer]:
    """Let a backend take over from a recording, see `CassetteSession`'s `on_miss`.

    The backend is set up from the recording at once, so that scripts the test sets later come after the recorded ones. When
    the recording is left, the backend is asked first what the app had asked so far: it then holds what the app has seen
    made, under the recorded ids.
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
    """Ask for the sake of what it does; a stream is read to its end."""
    answer = backend.handle(request)
    if isinstance(answer, Response) and answer.stream is not None:
        for _ in answer.stream:
            pass
