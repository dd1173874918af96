"""Which handler answers: the innermost one active where the request is made.

A *frame* is one activation. It is found, in this order,
1. by ContextVar: tests in parallel tasks or threads each see their own;
2. by the thread: a thread started inside a frame belongs to it (ContextVars do not follow into new threads);
3. by the client: one that has asked inside a frame before still belongs to it on a thread of a long-lived pool;
4. if all open frames are nested in one another, the innermost of them: a pool's thread that began before the test.
A frame that was closed counts as its nearest open parent. When several unrelated frames are open and none of the above
tells which, the request is refused rather than guessed at.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from itertools import pairwise
from typing import Any

from understudy._common.messages import Answer, Handler, HostRules, Request
from understudy.errors import NoBackend, envelope

_frames: ContextVar[Frame | None] = ContextVar("understudy_frame", default=None)
_open: list[Frame] = []
_by_client: weakref.WeakKeyDictionary[object, Frame] = weakref.WeakKeyDictionary()
_THREAD_MARK = "_understudy_frame"


class Frame:
    """One activation of a handler."""

    __slots__ = ("__weakref__", "closed", "handler", "parent")

    def __init__(self, handler: Handler, parent: Frame | None) -> None:
        self.handler = handler
        self.parent = parent
        self.closed = False


def enter(handler: Handler) -> Frame:
    frame = Frame(handler, _here())
    _frames.set(frame)
    _open.append(frame)
    return frame


def leave(frame: Frame) -> None:
    frame.closed = True
    _open.remove(frame)
    if _frames.get() is frame:  # elsewhere (another task's context) the closed frame counts as its parent anyway
        _frames.set(frame.parent)


def mark_thread(thread: threading.Thread) -> None:
    """Called when a thread is started: it belongs to the frame it was started in."""
    frame = _here()
    if frame is not None:
        setattr(thread, _THREAD_MARK, frame)


def handler_of(thread: threading.Thread) -> Handler | None:
    """The handler of the activation that a thread was started in; None for one that was started in none."""
    frame = _alive(getattr(thread, _THREAD_MARK, None))
    return frame.handler if frame else None


def current_handler() -> Handler | None:
    """The handler of the innermost activation here; None when there is none."""
    frame = _here()
    return frame.handler if frame else None


def handler_for(client: object) -> Handler | None:
    """The handler that answers for this client here; None when nothing is active."""
    frame = _here()
    if frame is not None:
        if _by_client.get(client) is not frame:
            _by_client[client] = frame
        return frame.handler
    frames = list(_open)  # other threads open and close theirs meanwhile
    if not frames:
        return None
    frame = _alive(_by_client.get(client))
    if frame is not None:
        return frame.handler
    if _are_nested(frames):
        return frames[-1].handler
    return _Ambiguous(frames)


def replace_handlers(replacement: Callable[[Handler], Handler]) -> None:
    """Have another handler answer in each open frame: in a process that was forked off, where a copy would answer."""
    for frame in _open:
        frame.handler = replacement(frame.handler)


def _here() -> Frame | None:
    return _alive(_frames.get()) or _alive(getattr(threading.current_thread(), _THREAD_MARK, None))


def _alive(frame: Frame | None) -> Frame | None:
    while frame is not None and frame.closed:
        frame = frame.parent
    return frame


def _are_nested(frames: list[Frame]) -> bool:
    return all(_descends(inner, outer) for outer, inner in pairwise(frames))


def _descends(frame: Frame | None, ancestor: Frame) -> bool:
    while frame is not None:
        if frame is ancestor:
            return True
        frame = frame.parent
    return False


class _Ambiguous:
    """Refuses what it is asked: several tests run at once, and nothing says to which of them a request belongs."""

    def __init__(self, frames: list[Frame]) -> None:
        handlers: list[Any] = [frame.handler for frame in frames]
        self._count = len(handlers)
        self.rules = HostRules(
            hosts=tuple({host: None for handler in handlers for host in handler.rules.hosts}),
            pass_hosts=tuple({host: None for handler in handlers for host in handler.rules.pass_hosts}),
        )

    def handle(self, request: Request) -> Answer:
        return envelope(
            NoBackend(
                f"{request.method} {request.path} was sent on a thread that no test started, while {self._count} tests "
                "run in parallel. Start the thread (or its pool) inside the test, or use a client made inside it."
            )
        )
