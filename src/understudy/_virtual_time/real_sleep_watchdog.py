"""Notices waiting in earnest in a world whose clock is moved by sleeping, and names the line that waits.

What waits by other means than `time.sleep` and asyncio (a `threading.Event`, `select`, a socket, a subprocess, a
`time.sleep` that was taken into a default argument before the world was entered) cannot be moved, but it can be seen from
outside: the test's thread stands at one instruction, look after look, while the process uses no CPU. Work stands at no
instruction for long, or uses CPU; where the machine is too busy to let it, or to read a file, Linux says so. Nothing is
said of threads that wait while the test goes on, of imports and debuggers, nor of what the standard library or pytest do by
themselves.
"""

from __future__ import annotations

import _thread
import linecache
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from understudy._http.current import handler_of
from understudy._virtual_time.time_patches import is_excepted
from understudy._virtual_time.virtual_clock import VirtualTime, entered

INTERVAL = 0.05  # seconds from one look to the next
LOOKS = 10  # so many at the same instruction are waiting: half a second
MOST_CPU = 0.2  # of the time; with more, somebody works

_process_time, _monotonic = time.process_time, time.monotonic
_UNWATCHED = {"importlib", "pdb", "bdb", "code"}


@dataclass(slots=True)
class _Standing:
    """A thread at one instruction."""

    instruction: tuple[int, int]
    since: float
    cpu: float
    looks: int = 1


class RealSleepWatchdog:
    """Looks at the threads of all such worlds, from a thread that `threading` does not count, until it is stopped."""

    def __init__(self) -> None:
        self._standing: dict[int, _Standing] = {}  # by thread
        self._stopped = _thread.allocate_lock()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        self._stopped.release()

    def _run(self) -> None:  # pragma: no cover - a tracer that is set here sees only what is called
        sys.settrace(threading.gettrace())  # as `threading` does: debuggers and coverage see this thread as any other
        self._look_on()

    def _look_on(self) -> None:
        while not self._stopped.acquire(timeout=INTERVAL):
            frames = sys._current_frames()  # noqa: SLF001 - documented, for this
            for moment in entered():
                frame = frames.get(moment.thread)
                if frame is not None and self._waits(moment.thread, moment.native_thread, frame):
                    _tell(moment, frame, frames)

    def _waits(self, thread: int, native: int, frame: FrameType) -> bool:
        now, cpu, instruction = _monotonic(), _process_time(), (id(frame), frame.f_lasti)
        standing = self._standing.get(thread)
        if standing is None or standing.instruction != instruction or not _sleeps(native):
            self._standing[thread] = _Standing(instruction, now, cpu)
            return False
        standing.looks += 1
        return standing.looks >= LOOKS and cpu - standing.cpu < MOST_CPU * (now - standing.since)


def _sleeps(native: int) -> bool:
    """Return whether the system lets a thread sleep: it neither waits for its turn nor for a disk. True where nobody says."""
    try:
        status = Path(f"/proc/self/task/{native}/stat").read_bytes()
    except OSError:  # pragma: no cover - only where there is no /proc
        return True
    return status.rpartition(b")")[2].split()[0] == b"S"


def _tell(moment: VirtualTime, frame: FrameType, frames: dict[int, FrameType]) -> None:
    place = _place(frame)
    if place is None:
        return
    others = [_place(frames[thread]) for thread in _threads_of(moment) if thread in frames and thread != moment.thread]
    meanwhile = "".join(f", while another thread was at {other}" for other in others if other is not None)
    moment.notice(
        f"the app waited in earnest at {place}{meanwhile}. time='sleep' moves the clock for time.sleep and for asyncio's "
        "waiting; what waits by other means (threading, select, sockets, a time.sleep that was taken before the test began) "
        "takes real time"
    )


def _threads_of(moment: VirtualTime) -> Iterator[int]:
    for thread in threading.enumerate():
        if thread.ident is not None and handler_of(thread) is moment.handler:
            yield thread.ident


def _place(frame: FrameType) -> str | None:
    """Return the innermost line of the app's own code; of a library, if there is none; None where nobody's is."""
    known = None
    inner: FrameType | None = frame
    while inner is not None:
        name = inner.f_globals.get("__name__")
        if not isinstance(name, str) or name.partition(".")[0] in _UNWATCHED:
            return None
        if not is_excepted(name) and name.partition(".")[0] != "understudy":
            known = known or inner
            if "site-packages" not in inner.f_code.co_filename:
                return _line(inner)
        inner = inner.f_back
    return _line(known) if known is not None else None


def _line(frame: FrameType) -> str:
    path, number = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(path, number).strip()
    return f"{path.removeprefix(f'{Path.cwd()}{os.sep}')}:{number}, in {frame.f_code.co_name}" + (
        f" (`{code}`)" if code else ""
    )
