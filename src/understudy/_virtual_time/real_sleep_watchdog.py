"""Detects real waiting under `time="sleep"`, and names the line that waits.

**Theory of operation.** Waiting by other means than `time.sleep` and asyncio (a `threading.Event`, `select`, a socket, a
subprocess, a reference to `time.sleep` captured before the simulation was entered) cannot be virtual, but it can be observed
from outside: sample after sample, the test's thread is at the same instruction while the process uses no CPU. Real work does
not stay at one instruction, or it uses CPU; if the machine is too busy to run it, or it reads a file, Linux reports that.
Nothing is reported for threads that wait while the test continues, for imports and debuggers, or for what the standard
library or pytest do by themselves.
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
from understudy._virtual_time.excepted_modules import is_excepted
from understudy._virtual_time.virtual_clock import VirtualTime, entered

INTERVAL_SECONDS = 0.05  # between samples
WAITING_SAMPLES = 10  # so many at the same instruction mean waiting: half a second
MAX_CPU_SHARE = 0.2  # of the time; a process that uses more is working

_CLOCKS = (time.process_time, time.monotonic)  # in a tuple, where `time_patches` replaces nothing
_UNWATCHED = {"importlib", "pdb", "bdb", "code"}


@dataclass(slots=True)
class _Sample:
    """A thread at one instruction, since when, and the CPU time then, in seconds."""

    instruction: tuple[int, int]
    since: float
    cpu: float
    samples: int = 1


class RealSleepWatchdog:
    """Samples the threads of all such simulations until it is stopped.

    It runs in a thread that `threading` does not count.
    """

    def __init__(self) -> None:
        self._samples: dict[int, _Sample] = {}  # by thread
        self._stopped = _thread.allocate_lock()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, ())

    def stop(self) -> None:
        self._stopped.release()

    def _run(self) -> None:  # pragma: no cover - a tracer set here sees only calls
        sys.settrace(threading.gettrace())  # as `threading` does, for debuggers and coverage
        self._sample_threads()

    def _sample_threads(self) -> None:
        while not self._stopped.acquire(timeout=INTERVAL_SECONDS):
            frames = sys._current_frames()  # noqa: SLF001 - documented, for this
            for moment in entered():
                frame = frames.get(moment.thread)
                if frame is not None and self._waits(moment.thread, moment.native_thread, frame):
                    _report(moment, frame, frames)

    def _waits(self, thread: int, native: int, frame: FrameType) -> bool:
        (cpu, now), instruction = [read() for read in _CLOCKS], (id(frame), frame.f_lasti)
        sample = self._samples.get(thread)
        if sample is None or sample.instruction != instruction or not _sleeps(native):
            self._samples[thread] = _Sample(instruction, now, cpu)
            return False
        sample.samples += 1
        return sample.samples >= WAITING_SAMPLES and cpu - sample.cpu < MAX_CPU_SHARE * (now - sample.since)


def _sleeps(native: int) -> bool:
    """Return whether a thread sleeps, waiting neither for a CPU nor for a disk.

    True if the system does not say.
    """
    try:
        status = Path(f"/proc/self/task/{native}/stat").read_bytes()
    except OSError:  # pragma: no cover - only without /proc
        return True
    return status.rpartition(b")")[2].split()[0] == b"S"


def _report(moment: VirtualTime, frame: FrameType, frames: dict[int, FrameType]) -> None:
    place = _place(frame)
    if place is None:
        return
    others = [_place(frames[thread]) for thread in _threads_of(moment) if thread in frames and thread != moment.thread]
    meanwhile = "".join(f", while another thread was at {other}" for other in others if other is not None)
    moment.notice(
        f"the app blocked in real time at {place}{meanwhile}. time='sleep' makes time.sleep and asyncio's waiting virtual; "
        "other waiting (threading, select, sockets, a reference to time.sleep captured before the test started) takes real "
        "time"
    )


def _threads_of(moment: VirtualTime) -> Iterator[int]:
    for thread in threading.enumerate():
        if thread.ident is not None and handler_of(thread) is moment.handler:
            yield thread.ident


def _place(frame: FrameType) -> str | None:
    """Return the innermost line of the app's own code, else of a library, else None."""
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
