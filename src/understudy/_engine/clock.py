"""Time as a value: it is moved explicitly and never goes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, get_args

from understudy.errors import did_you_mean

LATEST = 253_370_764_800  # the beginning of the year 9999: times due after it still have a date
TimeMode = Literal["poll", "manual", "sleep", "real"]
MODES: tuple[TimeMode, ...] = get_args(TimeMode)


class Clock:
    """The clock of one service, in unix seconds.

    Modes: `poll` (default): a request for a live run moves it; `manual`: only `advance` does; `sleep`: the
    app's own sleeping does (see `understudy._virtual_time`); `real`: the wall clock.
    """

    def __init__(
        self, mode: TimeMode = "poll", start: float = 1_700_000_000, lock: AbstractContextManager[Any] | None = None
    ) -> None:
        if mode not in MODES:
            choices = ", ".join(map(repr, MODES))
            raise ValueError(f"time={mode!r}: expected one of {choices}.{did_you_mean(mode, MODES)}")
        if not isinstance(start, int | float):
            raise TypeError(f"start={start!r}: expected unix seconds, a number, such as 1_700_000_000")
        if not 0 <= start <= LATEST:
            raise ValueError(f"start={start!r}: expected unix seconds from 0 to {LATEST} (the year 9999)")
        self.mode = mode
        self._now = start
        self._lock = lock or threading.RLock()  # the engine's: a test may move the clock during a request
        self.on_move: Callable[[float], object] = lambda _: None  # set by the engine, to carry out what is due by then

    @property
    def virtual(self) -> bool:
        """Return whether time is simulated: False only for the wall clock.

        It follows `mode`, which may be changed at any time.
        """
        return self.mode != "real"

    def now(self) -> float:
        """Return the current (virtual) time, in unix seconds."""
        return time.time() if self.mode == "real" else self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward; everything due on the way happens, in order.

        Raises:
            TypeError: not a number.
            ValueError: a negative number of seconds, NaN, or so many that the year 9999 would be reached.
            RuntimeError: the clock is the wall clock.
        """
        if not isinstance(seconds, int | float):
            hint = f", such as {seconds!r}.total_seconds()" if hasattr(seconds, "total_seconds") else ""
            raise TypeError(f"clock.advance({seconds!r}): expected a number of seconds{hint}")
        if seconds < 0:
            raise ValueError(f"clock.advance({seconds!r}): expected at least 0, because time never goes back")
        with self._lock:
            now = self.now()
            if not seconds <= LATEST - now:  # written so that NaN is refused, too
                raise ValueError(f"clock.advance({seconds!r}): expected at most {LATEST - now} seconds (the year 9999)")
            self.move_to(now + seconds)

    def move_to(self, at: float) -> None:
        """Move to a time in unix seconds, at most the year 9999.

        A time in the past leaves the clock where it is.

        Raises:
            RuntimeError: the clock is the wall clock.
        """
        if not self.virtual:
            raise RuntimeError("the clock runs in real time (time='real') and cannot be moved: choose another time= mode")
        with self._lock:
            at = min(at, LATEST)
            if at > self._now:
                self._now = at
                self.on_move(at)

    def __repr__(self) -> str:
        return f"<Clock {self.mode} now={self.now()}>"
