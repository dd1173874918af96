"""What the clocks of `time` show in a world whose clock is moved by sleeping; and which world that is, here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from understudy._common.messages import Handler
from understudy._engine.clock import Clock
from understudy._http import current

_monotonic, _perf_counter = time.monotonic, time.perf_counter

_times: dict[int, VirtualTime] = {}  # by the id of the handler, which is alive as long as it is in here


class VirtualTime:
    """The clocks of one world: wall time is the world's own, the others go on from where they stood.

    Attributes:
        clock: the world's.
        handler: what answers in the world.
        notice: told of each line that waits in earnest.
        thread: the thread that entered the world; `native_thread`: as the system calls it.
    """

    def __init__(self, clock: Clock, handler: Handler, notice: Callable[[str], None]) -> None:
        self.clock = clock
        self.handler = handler
        self.notice = notice
        self.thread, self.native_thread = threading.get_ident(), threading.get_native_id()
        self._began = clock.now()
        self._monotonic = _monotonic()
        self._perf_counter = _perf_counter()

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the world was entered."""
        return self.clock.now() - self._began

    def time(self) -> float:
        return self.clock.now()

    def monotonic(self) -> float:
        return self._monotonic + self.elapsed

    def perf_counter(self) -> float:
        return self._perf_counter + self.elapsed

    def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)


def enter(moment: VirtualTime) -> None:
    _times[id(moment.handler)] = moment


def leave(moment: VirtualTime) -> None:
    del _times[id(moment.handler)]


def entered() -> list[VirtualTime]:
    """Return every world there is, of each thread the innermost."""
    return list({moment.thread: moment for moment in list(_times.values())}.values())


def here() -> VirtualTime | None:
    """Return the virtual time of the innermost world of this thread or task; None where real time goes on."""
    handler = current.current_handler()
    return _times.get(id(handler)) if handler is not None else None
