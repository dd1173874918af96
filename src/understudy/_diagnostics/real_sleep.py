"""Notices that the app really sleeps between its requests.

Only where its sleeping does not move the clock.

**Theory of operation.** `time.sleep` is not patched for this: simulations with the default clock leave the time alone. What
a thread slept between an answer and its next request is the time that passed, less what it computed and less what it waited
for a CPU, where the system tells the latter (Linux). Asking the system takes long, so it is asked only at a thread's first
request and after its pauses, and all that the thread computed and waited since the last time is subtracted: too much rather
than too little. Every request passes here, so the dispatcher itself compares the times, and calls only after a pause.
Whatever blocks looks the same, so a hint is given only if a line that sleeps is found: in the functions that are being
called, in what they may call, in their files, or in the files that these use.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from types import CodeType, FrameType, FunctionType, MethodType, ModuleType

from understudy._common.messages import Request

NOTICED_SECONDS = 0.1  # of sleeping in one simulation
PAUSE_SECONDS = 0.01  # between two requests; less is noise
_NANOSECONDS = 1_000_000_000
_SLEEPS = re.compile(r"(?!\s*(?:#|def |async def )).*?(?<!\w)(?:\w+\.)*\w*sleep\w*\(")
_SDK_SLEEPS = (
    "x-stainless-custom-poll-interval",
    "x-stainless-retry-count",
)  # before a request with such a header (not "0")
# The monotonic time, from the clock that no time-freezing library replaces, if there is one.
elapsed = partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic


class RealSleepMeter:
    """Adds up what the app's threads slept between requests.

    Attributes:
        answered_at: when each thread, by its ident, got its last answer, in `elapsed` seconds.
    """

    def __init__(self) -> None:
        self.answered_at: dict[int, float] = {}
        self._thread = threading.local()  # an ident may be that of an earlier thread; this is not
        self._slept = 0.0
        self._noticed = NOTICED_SECONDS

    def paused(self, request: Request, seconds: float) -> str | None:
        """Note that a thread sends a request after a pause; return a hint if due.

        `seconds`: since its last answer; any number if there was none.
        """
        busy, before = _busy(), getattr(self._thread, "busy", None)
        self._thread.busy = busy
        if before is None:
            return None
        slept = seconds - (busy - before)
        if slept < PAUSE_SECONDS or any(request.header(name) not in (None, "", "0") for name in _SDK_SLEEPS):
            return None
        self._slept += slept
        if self._slept < self._noticed:
            return None
        self._noticed = 2 * self._slept  # looking for the line takes a while
        place = _place(sys._getframe(1))  # noqa: SLF001 - the caller
        if place is None:
            return None
        self._noticed = float("inf")
        return (
            f"the app really sleeps between requests, at {place}: use time='sleep', where its sleeping moves the virtual "
            "clock instead"
        )


def _busy() -> float:
    """Return for how long this thread has computed and waited for a CPU."""
    return time.thread_time() + _waited_for_cpu()


def _waited_for_cpu() -> float:
    """Return for how long this thread has waited for a CPU, in seconds.

    0 if the system does not say.
    """
    try:
        opened = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        try:
            return int(os.read(opened, 100).split()[1]) / _NANOSECONDS
        finally:
            os.close(opened)
    except (OSError, IndexError, ValueError):  # pragma: no cover - only where the system does not say
        return 0.0


# -- the line that sleeps -----------------------------------------------------------


def _place(inner: FrameType) -> str | None:
    """Return the line that sleeps, or None.

    Where a library sleeps for the app, the app's line that was reached.
    """
    frames = list(_app_frames(inner))
    for frame in frames:
        found = next(_sleeping_lines(frame.f_code), None)
        if found is not None:
            return _shown(*(found if _is_app(frame) else (frames[0].f_code.co_filename, frames[0].f_lineno)))
    frames = [frame for frame in frames if _is_app(frame)]
    called = (line for frame in frames for function in _called_by(frame) for line in _sleeping_lines(function.__code__))
    used = (line for frame in frames for file in _files_of(frame) for line in _sleeping_lines_of_file(file))
    return next((_shown(*found) for found in chain(called, used)), None)


def _app_frames(inner: FrameType) -> Iterator[FrameType]:
    """Yield the app's innermost frame and those outside it.

    The app's, the test's, and those of libraries that call them.
    """
    frame: FrameType | None = inner
    has_begun = False
    while frame is not None:
        has_begun = has_begun or _is_app(frame)
        if has_begun and not _is_excepted(frame.f_globals.get("__name__")):
            yield frame
        frame = frame.f_back


def _is_app(frame: FrameType) -> bool:
    return not _is_excepted(frame.f_globals.get("__name__")) and not _is_library(frame.f_code.co_filename)


def _is_excepted(module: object) -> bool:
    from understudy._virtual_time.excepted_modules import is_excepted

    return not isinstance(module, str) or is_excepted(module) or module.partition(".")[0] == "understudy"


def _is_library(path: str) -> bool:
    return "site-packages" in path or path.startswith("<")


def _called_by(frame: FrameType) -> Iterator[FunctionType]:
    """Yield the app's functions that the frame's code may call.

    By its names, in its modules, of its objects.
    """
    names, values = frame.f_code.co_names, list(frame.f_locals.values())
    owners = [value for name in names if issubclass(type(value := frame.f_globals.get(name)), ModuleType)]
    found = [
        *values,
        *(frame.f_globals.get(name) for name in names),
        *(inspect.getattr_static(owner, name, None) for owner in (*owners, *map(type, values)) for name in names),
    ]
    for value in found:  # by `type`: proxies, such as those of the module openai, act when asked for anything else
        function = value.__func__ if type(value) is MethodType else value
        if type(function) is not FunctionType or _is_library(function.__code__.co_filename):
            continue
        if not _is_excepted(function.__module__):
            yield function


def _files_of(frame: FrameType) -> Iterator[str]:
    """Yield the frame's file and those that it uses.

    That is, those of the app's functions, classes and modules that it has names for.
    """
    yield frame.f_code.co_filename
    for value in frame.f_globals.copy().values():
        name = None
        if issubclass(type(value), ModuleType):
            name = vars(value).get("__name__")
        elif type(value) is FunctionType or type(value) is type:
            name = value.__module__
        path = vars(sys.modules[name]).get("__file__") if name in sys.modules else None
        if isinstance(path, str) and not _is_excepted(name) and not _is_library(path):
            yield path


def _sleeping_lines(code: CodeType) -> Iterator[tuple[str, int]]:
    lines = sorted({line for _, _, line in code.co_lines() if line is not None})
    return ((code.co_filename, line) for line in lines if _SLEEPS.match(linecache.getline(code.co_filename, line)))


def _sleeping_lines_of_file(path: str) -> Iterator[tuple[str, int]]:
    return ((path, line) for line, text in enumerate(linecache.getlines(path), 1) if _SLEEPS.match(text))


def _shown(path: str, line: int) -> str:
    return f"{path.removeprefix(f'{Path.cwd()}{os.sep}')}:{line} (`{linecache.getline(path, line).strip()}`)"
