"""Requests of several threads at once.

In virtual time, what takes the service seconds takes no real time: the requests of two threads would never overlap, and an
app would never see a lock. So whoever holds one in the foreground lets the other threads ask first.
"""

from __future__ import annotations

import threading
from weakref import WeakSet

PATIENCE_SECONDS = 0.1  # real time; spent only where there are other threads
MAX_VAIN_WAITS = 5  # in succession: then the app's other threads are taken for workers that ask nothing


class Overlap:
    """Lets requests of other threads be answered while one waits for its end.

    Args:
        lock: the service's, held by whoever calls.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._condition = threading.Condition(lock)
        self._known: WeakSet[threading.Thread] = WeakSet(threading.enumerate())  # those of the test's surroundings
        self._refused = 0
        self._vain_waits = 0

    def let_others_ask(self) -> None:
        """Wait until each thread of the app was refused once, for 100 ms at most.

        Threads that are older than the service are not the app's. Without others, this costs nothing.
        """
        current = threading.current_thread()
        others = sum(thread is not current and thread not in self._known for thread in threading.enumerate())
        if others and self._vain_waits < MAX_VAIN_WAITS:
            before = self._refused
            self._condition.wait_for(lambda: self._refused >= before + others, PATIENCE_SECONDS)
            self._vain_waits = self._vain_waits + 1 if self._refused == before else 0

    def refused(self) -> None:
        """Note that a request met the lock."""
        self._refused += 1
        self._vain_waits = 0
        self._condition.notify_all()
