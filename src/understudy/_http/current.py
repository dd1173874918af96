"""The handler that answers: the innermost activation's, else the guard.

A *frame* is one activation. It is found, in this order,
1. by ContextVar: tests in parallel tasks or threads each see their own;
2. by what runs: a task, an executor's job or a thread belongs to the frame it was started in (ContextVars do not follow
   into threads, and a runner of async tests may keep one context for many tests);
3. by the client: one that sent a request inside a frame before still belongs to it on a thread of a long-lived pool;
4. if all open frames are nested, the innermost of them: a pool's thread that began before the test.
In a context whose frame was closed, its nearest open parent counts. Code that was started in a frame now closed, a
*stray*, is refused by the frame's name: it belongs to no test any more, may not take another test's answers, and may
not reach the real service. If several unrelated frames are open and none of the above decides, the request is
refused, too.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import Any

from understudy._common.call_site import caller, current_test
from understudy._common.messages import Handler, HostRules
from understudy._http.neighbours import vcrpy_answers
from understudy._http.refusing import Ambiguous, Stray

_frames: ContextVar[Frame | None] = ContextVar("understudy_frame", default=None)
_open: list[Frame] = []
_by_client: weakref.WeakKeyDictionary[object, weakref.ref[Frame]] = weakref.WeakKeyDictionary()
_by_task: weakref.WeakKeyDictionary[Any, Frame] = weakref.WeakKeyDictionary()
_lingering: set[weakref.ref[Frame]] = set()  # closed, but something started in them may still send requests
_starting = threading.local()
# By the test that opened them, oldest first: for the report of its failure. Weak: it keeps nothing alive.
_opened: deque[tuple[str, weakref.ref[Handler]]] = deque(maxlen=16)
when_nothing_may_ask: list[Callable[[], object]] = []  # called when no stray is left
_guards: list[Handler] = []
_is_forwarding: ContextVar[bool] = ContextVar("understudy_is_forwarding", default=False)
_THREAD_MARK = "_understudy_frame"


class Frame:
    """One activation of a handler.

    Attributes:
        handler: None once closed, so that whatever outlives the frame does not keep the handler alive.
        parent: the frame it was opened in.
        closed: whether it has ended.
        name: the test that opened it, or the source line.
        rules: which requests are for the API; those of the handler when it was closed.
        owns: whether threads, tasks and jobs started in it belong to it. Not in the set-up of a fixture that outlives its
            test.
    """

    __slots__ = ("__weakref__", "closed", "handler", "name", "owns", "parent", "rules")

    def __init__(self, handler: Handler, parent: Frame | None, *, owns: bool) -> None:
        self.owns = owns
        self.handler: Handler | None = handler
        self.parent = parent
        self.closed = False
        test = current_test()
        self.name = test or f"a simulation or cassette opened at {caller()}"
        if test is not None:
            _opened.append((test, weakref.ref(handler)))
        self.rules = HostRules()


def enter(handler: Handler, *, owns: bool = True) -> Frame:
    frame = Frame(handler, _here(), owns=owns)
    _frames.set(frame)
    _open.append(frame)
    return frame


def leave(frame: Frame) -> None:
    assert frame.handler is not None
    frame.rules = frame.handler.rules
    frame.closed = True
    frame.handler = None  # last: a concurrent reader then finds the rules
    _open.remove(frame)
    _lingering.add(weakref.ref(frame, _discard))
    if _frames.get() is frame:  # in other contexts the closed frame counts as its parent anyway
        _frames.set(_alive(frame.parent))


def _discard(frame: weakref.ref[Frame]) -> None:
    _lingering.discard(frame)
    if not _lingering and not sys.is_finalizing():  # modules are being cleared then
        for call in when_nothing_may_ask:
            call()


def is_active() -> bool:
    """Return whether a frame is open anywhere in the process."""
    return bool(_open)


def may_still_ask() -> bool:
    """Return whether a thread, task or job of a closed frame is still alive.

    Clients do not count.
    """
    return bool(_lingering)


# -- what a frame starts ----------------------------------------------------------


def starting_frame() -> Frame | None:
    """Return the frame that a thread or job started here belongs to.

    It may be closed: what a stray starts is a stray.
    """
    frame = _frames.get()
    if frame is not None and not frame.closed:
        return frame if frame.owns else None
    frame = _mark() or _alive(frame) or (None if _open else frame)
    return frame if frame is not None and frame.owns else None


def mark_thread(thread: threading.Thread) -> None:
    """Mark a thread, about to start, with the frame it is started in."""
    if getattr(_starting, "is_unmarked", False):
        return
    frame = starting_frame()
    if frame is not None:
        setattr(thread, _THREAD_MARK, frame)


def mark_task(task: Any) -> None:
    """Mark a new task with the frame it was created in."""
    frame = _here() or _mark()
    if frame is not None and frame.owns:
        _by_task[task] = frame


def bind_job(frame: Frame, job: Callable[..., Any]) -> Callable[..., Any]:
    """Return an executor's job bound to a frame.

    While it runs, its thread is marked.
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        thread = threading.current_thread()
        before = getattr(thread, _THREAD_MARK, None)
        setattr(thread, _THREAD_MARK, frame)
        try:
            return job(*args, **kwargs)
        finally:
            setattr(thread, _THREAD_MARK, before)

    return run


@contextmanager
def without_marks() -> Iterator[None]:
    """Leave threads started in this block without a mark."""
    before = getattr(_starting, "is_unmarked", False)
    _starting.is_unmarked = True
    try:
        yield
    finally:
        _starting.is_unmarked = before


# -- who answers ------------------------------------------------------------------


def handler_of(thread: threading.Thread) -> Handler | None:
    """Return the handler of the activation that a thread was started in, or None."""
    frame = _alive(getattr(thread, _THREAD_MARK, None))
    return frame.handler if frame else None


def current_handler() -> Handler | None:
    """Return the handler of the innermost activation here, or None."""
    frame = _here()
    return frame.handler if frame else None


def opened_by(test: str) -> list[Handler]:
    """Return the handlers that a test has opened, oldest first, each once.

    Only those that are still referenced elsewhere.
    """
    alive = [handler() for name, handler in _opened if name == test]
    return [handler for number, handler in enumerate(alive) if handler is not None and handler not in alive[:number]]


def encloses(outer: Handler) -> bool:
    """Return whether the innermost activation here is inside one of `outer`."""
    frame = _here()
    while frame is not None:
        frame = _alive(frame.parent)
        if frame is not None and frame.handler is outer:
            return True
    return False


def handler_for(client: object, is_mocked: Callable[[], bool] = vcrpy_answers) -> Handler | None:
    """Return the handler that answers a client here, or None.

    The one question that every stack asks. It is a simulation or a cassette, else the guard.

    Args:
        client: the object in which the library keeps its connections; it belongs to the activation in which it last sent a
            request.
        is_mocked: whether another tool answers the clients of this library, so that the guard does not.
    """
    if _is_forwarding.get():
        return None
    handler = active_handler(client)
    if handler is None and _guards and not is_mocked():
        return _guards[-1]
    return handler


def active_handler(client: object) -> Handler | None:
    """Return the handler of the activation that a client belongs to, or None."""
    context = frame = _frames.get()
    if frame is None or frame.closed:
        mark = _mark()
        if mark is not None and mark.closed:
            return Stray(mark.name, mark.rules)
        frame = mark or _alive(frame)
    if frame is not None:
        known = _by_client.get(client)
        if known is None or known() is not frame:
            _by_client[client] = weakref.ref(frame)
        return frame.handler or _answering(frame)
    frames = list(_open)  # a copy: other threads open and close frames meanwhile
    if not frames:
        return None if context is None else Stray(context.name, context.rules)
    known = _by_client.get(client)
    frame = _alive(known() if known is not None else None)
    if frame is not None:
        return _answering(frame)
    if _are_nested(frames):
        return _answering(frames[-1])
    return Ambiguous([_answering(frame) for frame in frames])


def _answering(frame: Frame) -> Handler:
    """Return the handler of a frame.

    Or one that refuses, if the frame has just been closed on another thread.
    """
    return frame.handler or Stray(frame.name, frame.rules)


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


def replace_handlers(replacement: Callable[[Handler], Handler]) -> None:
    """Replace the handler of each open frame.

    For a forked process, in which the copy of the handler would answer.
    """
    for frame in _open:  # pragma: no cover - in a forked child, which ends without a report
        if frame.handler is not None:
            frame.handler = replacement(frame.handler)


def _here() -> Frame | None:
    frame = _frames.get()
    if frame is not None and not frame.closed:
        return frame
    mark = _mark()
    return mark if mark is not None and not mark.closed else _alive(frame)


def _mark() -> Frame | None:
    """Return the frame in which the current task, job or thread was started.

    It may be closed.
    """
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises where there is none
    task = asyncio.current_task(loop) if loop is not None else None
    if task is not None and (frame := _by_task.get(task)) is not None:
        return frame
    return getattr(threading.current_thread(), _THREAD_MARK, None)


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
