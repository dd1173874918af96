"""Virtual sleeping for the length of a block."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from understudy._common.messages import Handler
from understudy._engine.clock import Clock
from understudy._virtual_time import event_loops, time_patches, virtual_clock
from understudy._virtual_time.real_sleep_watchdog import RealSleepWatchdog
from understudy.errors import ConflictingClock

_lock = threading.RLock()
_depth = 0
_watch: RealSleepWatchdog | None = None


@contextmanager
def sleeping(handler: Handler, clock: Clock, notice: Callable[[str], None]) -> Iterator[None]:
    """In the block, make sleeping in the handler's context move the clock.

    The handler must be active already.

    Args:
        handler: what answers the requests of the simulation.
        clock: its clock.
        notice: called with a description of each line of this thread that really waits; from another thread, and
            possibly more than once.

    Raises:
        ConflictingClock: freezegun, time-machine or another library has patched the time.
    """
    _refuse_others()
    here = virtual_clock.VirtualTime(clock, handler, notice)
    with ExitStack() as undo:
        _replace()
        undo.callback(_restore)
        virtual_clock.enter(here)
        undo.callback(virtual_clock.leave, here)
        running = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises if there is none
        if running is not None:
            undo.callback(event_loops.make_virtual(running, here))
        yield


def _replace() -> None:
    global _depth, _watch
    with _lock:
        time_patches.replace()  # each time, because there may be new modules
        if _depth == 0:
            event_loops.watch()
            _watch = RealSleepWatchdog()
        _depth += 1


def _restore() -> None:
    global _depth, _watch
    with _lock:
        _depth -= 1
        if _depth == 0:
            assert _watch is not None  # `_replace` made it
            _watch.stop()
            _watch = None
            event_loops.unwatch()
            time_patches.restore()


def _refuse_others() -> None:
    freezegun, time_machine = sys.modules.get("freezegun.api"), sys.modules.get("time_machine")
    if freezegun is not None and freezegun.freeze_factories:
        other = "freezegun"
    elif time_machine is not None and time_machine.escape_hatch.is_travelling():
        other = "time-machine"
    elif _depth == 0 and (name := time_patches.replaced_by_another()):
        other = f"another library or a mock (time.{name} is not Python's)"
    else:
        return
    raise ConflictingClock(
        f"{other} is active, and time='sleep' moves time.time and time.sleep itself: they cannot be combined. Remove it "
        "from this test, and set the start time with understudy's start=... instead."
    )
