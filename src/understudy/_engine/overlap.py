"""Requests of several threads, or of several tasks of an event loop, at once.

In virtual time, what takes the service seconds takes no real time: the requests of two threads would never overlap, and an
app would never see a lock. So whoever holds one in the foreground lets the others ask first: threads by waiting for them,
the tasks of its own event loop by pauses in the answer, since a task that waits stops them all.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from weakref import WeakSet

from understudy._common.messages import Pause

PATIENCE_SECONDS = 0.1  # real time; spent only where there are other threads
PATIENCE_TURNS = 300  # of the event loop, spent only where it has other tasks: a new client asks a thread for its platform
MAX_VAIN_WAITS = 5  # in succession: then the app's others are taken for workers that ask nothing


class Overlap:
    """Lets others be answered while one request waits for its end.

    Args:
        lock: the service's, held by whoever calls.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._condition = threading.Condition(lock)
        self._known: WeakSet[threading.Thread] = WeakSet(threading.enumerate())  # those of the test's surroundings
        self._refused = 0
        self._vain_waits = 0

    def let_others_ask(self) -> bool:
        """Wait until each thread of the app was refused once, for 100 ms at most.

        Threads that are older than the service are not the app's. Without others, this costs nothing.

        Returns:
            Whether other tasks of this event loop have yet to ask: in the answer's `turns`.
        """
        current = threading.current_thread()
        others = sum(thread is not current and thread not in self._known for thread in threading.enumerate())
        if others and self._vain_waits < MAX_VAIN_WAITS:
            before = self._refused
            self._condition.wait_for(lambda: self._refused >= before + others, PATIENCE_SECONDS)
            self._vain_waits = self._vain_waits + 1 if self._refused == before else 0
        return self._has_tasks()

    def _has_tasks(self) -> bool:
        """Return whether this task has others beside it on its event loop."""
        asyncio = sys.modules.get("asyncio")  # None: nothing has ever run an event loop
        if asyncio is None or self._vain_waits >= MAX_VAIN_WAITS:
            return False
        try:
            return asyncio.current_task() is not None and len(asyncio.all_tasks()) > 1
        except RuntimeError:  # no event loop runs in this thread
            return False

    def turns(self) -> Iterator[Pause]:
        """Yield pauses of no length, in which the other tasks of the loop go on."""
        before = self._refused
        for _ in range(PATIENCE_TURNS):
            yield Pause(0)
        self._vain_waits = self._vain_waits + 1 if self._refused == before else 0

    def refused(self) -> None:
        """Note that a request met the lock."""
        self._refused += 1
        self._vain_waits = 0
        self._condition.notify_all()
