"""The agenda of a service: future actions of all its objects, earliest first.

Actions due at the same time happen in the order they were added.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class AgendaEntry:
    """One future action. `cancel()` takes it off the agenda."""

    at: float
    act: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class Agenda:
    """A priority queue of entries."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, AgendaEntry]] = []  # the number breaks ties
        self._order = itertools.count()
        self._settles_until = -math.inf  # while it settles: what is due by then happens

    def add(self, at: float, act: Callable[[], None]) -> AgendaEntry:
        entry = AgendaEntry(at, act)
        heapq.heappush(self._heap, (at, next(self._order), entry))
        return entry

    @property
    def is_empty(self) -> bool:
        """Return whether nothing more will happen.

        Exact only right after `settle`, which has removed cancelled entries from the head.
        """
        return not self._heap

    def settle(self, now: float) -> bool:
        """Carry out everything due at `now`, in order; return whether there was anything.

        What an action adds is carried out too if it is due.
        """
        any_happened = False
        heap = self._heap
        before, self._settles_until = self._settles_until, now
        try:
            while heap and (heap[0][0] <= now or heap[0][2].cancelled):
                entry = heapq.heappop(heap)[2]
                if not entry.cancelled:
                    any_happened = True
                    entry.act()
        finally:
            self._settles_until = before
        return any_happened

    @property
    def quiet_until(self) -> float:
        """Return the time before which an event need not enter the agenda.

        An event that would be the next to happen can happen at once. -inf while nothing settles.
        """
        due = math.nextafter(self._settles_until, math.inf) if self._settles_until > -math.inf else -math.inf
        return min(due, self._heap[0][0]) if self._heap else due
