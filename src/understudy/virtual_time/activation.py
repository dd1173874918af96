"""Virtual sleeping for the length of a block."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from understudy.errors import TwoClocks
from understudy.exchange import Handler
from understudy.simulation.clock import Clock
from understudy.virtual_time import functions, loops, moment
from understudy.virtual_time.watch import Watch

_lock = threading.RLock()
_depth = 0
_watch: Watch | None = None


@contextmanager
def sleeping(handler: Handler, clock: Clock, notice: Callable[[str], None]) -> Iterator[None]:
    """Until the block is left, let sleeping in the handler's world move its clock. The world must be entered already.

    `notice` is told of each line of this thread that waits in earnest, from another thread, maybe more than once.

    Raises:
        TwoClocks: freezegun, time-machine or another library moves the time at the moment.
    """
    _refuse_others()
    here = moment.VirtualTime(clock, handler, notice)
    with ExitStack() as undo:
        _replace()
        undo.callback(_restore)
        moment.enter(here)
        undo.callback(moment.leave, here)
        running = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises where there is none
        if running is not None:
            undo.callback(loops.make_virtual(running, here))
        yield


def _replace() -> None:
    global _depth, _watch
    with _lock:
        _depth += 1
        functions.replace()  # again: there may be new modules
        if _depth == 1:
            loops.watch()
            _watch = Watch()


def _restore() -> None:
    global _depth, _watch
    with _lock:
        _depth -= 1
        if _depth == 0:
            assert _watch is not None  # `_replace` made it
            _watch.stop()
            _watch = None
            loops.unwatch()
            functions.restore()


def _refuse_others() -> None:
    freezegun, time_machine = sys.modules.get("freezegun.api"), sys.modules.get("time_machine")
    if freezegun is not None and freezegun.freeze_factories:
        other = "freezegun"
    elif time_machine is not None and time_machine.escape_hatch.is_travelling():
        other = "time-machine"
    elif _depth == 0 and (name := functions.replaced_by_another()):
        other = f"another library, or a mock, (time.{name} is not Python's)"
    else:
        return
    raise TwoClocks(
        f"{other} is active, and time='sleep' moves time.time and time.sleep itself: only one of them can. Leave it out of "
        "this test, and say with understudy's start=... at what time it begins."
    )
