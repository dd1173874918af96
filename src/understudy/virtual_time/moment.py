"""What the clocks of `time` show in a world whose clock is moved by sleeping; and which world that is, here."""

from __future__ import annotations

import time

from understudy.exchange import Handler
from understudy.intercept import current
from understudy.simulation.clock import Clock

_monotonic, _perf_counter = time.monotonic, time.perf_counter

_times: dict[int, VirtualTime] = {}  # by the id of the handler, which is alive as long as it is in here


class VirtualTime:
    """The clocks of one world: wall time is the world's own, the others go on from where they stood."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
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


def enter(handler: Handler, moment: VirtualTime) -> None:
    _times[id(handler)] = moment


def leave(handler: Handler) -> None:
    del _times[id(handler)]


def here() -> VirtualTime | None:
    """The virtual time of the innermost world of this thread or task; None where real time goes on."""
    handler = current.current_handler()
    return _times.get(id(handler)) if handler is not None else None
