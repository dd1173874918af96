"""Virtual sleeping for the length of a block."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from understudy.errors import TwoClocks
from understudy.exchange import Handler
from understudy.simulation.clock import Clock
from understudy.virtual_time import functions, loops, moment

_lock = threading.RLock()
_depth = 0


@contextmanager
def sleeping(handler: Handler, clock: Clock) -> Iterator[None]:
    """Until the block is left, let sleeping in the handler's world move its clock. The world must be entered already.

    Raises:
        TwoClocks: freezegun, time-machine or another library moves the time at the moment.
    """
    _refuse_others()
    here = moment.VirtualTime(clock)
    with ExitStack() as undo:
        _replace()
        undo.callback(_restore)
        moment.enter(handler, here)
        undo.callback(moment.leave, handler)
        running = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises where there is none
        if running is not None:
            undo.callback(loops.make_virtual(running, here))
        yield


def _replace() -> None:
    global _depth
    with _lock:
        _depth += 1
        functions.replace()  # again: there may be new modules
        if _depth == 1:
            loops.watch()


def _restore() -> None:
    global _depth
    with _lock:
        _depth -= 1
        if _depth == 0:
            loops.unwatch()
            functions.restore()


def _refuse_others() -> None:
    freezegun, time_machine = sys.modules.get("freezegun.api"), sys.modules.get("time_machine")
    if freezegun is not None and freezegun.freeze_factories:
        other = "freezegun"
    elif time_machine is not None and time_machine.escape_hatch.is_travelling():
        other = "time-machine"
    elif _depth == 0 and not functions.are_originals():
        other = "another library (time.time is not Python's)"
    else:
        return
    raise TwoClocks(
        f"{other} is active, and time='sleep' moves time.time and time.sleep itself: only one of them can. Leave it out of "
        "this test, and say with understudy's start=... at what time it begins."
    )
