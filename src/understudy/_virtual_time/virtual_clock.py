"""The clocks of `time` under `time="sleep"`, for each simulation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from understudy._common.messages import Handler
from understudy._engine.clock import Clock
from understudy._http import current

_monotonic, _perf_counter = time.monotonic, time.perf_counter

_times: dict[int, VirtualTime] = {}  # by the id of the handler, which is alive while it is in here


class VirtualTime:
    """The clocks of one simulation.

    `time` is the simulation's clock; the others continue from their real values.

    Attributes:
        clock: the simulation's clock.
        handler: what answers its requests.
        notice: called with a description of each line that really waits.
        thread: the id of the thread that entered the simulation; `native_thread`: the system's id of it.
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
        """The virtual seconds since the simulation was entered."""
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
    """Return the virtual times in force, for each thread the innermost."""
    return list({moment.thread: moment for moment in list(_times.values())}.values())


def here() -> VirtualTime | None:
    """Return the virtual time of this thread or task; None for real time."""
    handler = current.current_handler()
    return _times.get(id(handler)) if handler is not None else None
