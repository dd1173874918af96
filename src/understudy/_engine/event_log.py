"""The events that have happened, oldest first.

Pieces that were sent together are one entry until they are read.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy._engine.events import Event, ItemDelta


class PlannedPieces(NamedTuple):
    """The pieces of one item, sent evenly over some time: one future event each.

    They are written out only when that is asked for: most answers need nothing but the whole.

    Attributes:
        at: when the first is sent, in unix seconds.
        start, seconds: the time that they are spread over.
        item_id: the item.
        pieces: at least one, in order.
    """

    at: float
    start: float
    seconds: float
    item_id: str
    pieces: Sequence[Any]

    event: None = None  # these as every planned event has them
    is_status: bool = False
    is_visible: bool = False

    @property
    def last_at(self) -> float:
        """Return when the last is sent, in unix seconds."""
        return spread_at(self.start, self.seconds, len(self.pieces), len(self.pieces))

    def deltas(self) -> list[ItemDelta]:
        """Return the events."""
        count = len(self.pieces)
        return [
            ItemDelta(spread_at(self.start, self.seconds, number, count), self.item_id, piece)
            for number, piece in enumerate(self.pieces, 1)
        ]


def spread_at(start: float, seconds: float, number: int, count: int) -> float:
    """Return when one of `count` pieces is sent, counted from 1."""
    return start + seconds * number / (count + 1)


_UNPACKING = threading.Lock()


@dataclass(slots=True, eq=False)
class EventLog:
    """An append-only list of events.

    It is appended to under the lock of the service, but may be read without: so an entry is replaced by its events in one
    operation of the list, and what is packed is counted before it can be seen.

    Attributes:
        entries: `append` appends to this list, as may its owner; it is read with `all` or `get`.
    """

    entries: list[Any] = field(default_factory=list)  # Event | PlannedPieces
    _packed: int = 0  # how many `PlannedPieces` were put into it
    _unpacked: int = 0  # and how many of these were taken out again

    def append(self, event: Event) -> None:
        """Append an event."""
        self.entries.append(event)

    def append_pieces(self, pieces: PlannedPieces) -> None:
        """Append the events of pieces that were sent together."""
        self._packed += 1
        self.entries.append(pieces)

    def all(self) -> list[Event]:
        """Return the events."""
        if self._packed != self._unpacked:
            self._unpack()
        return self.entries

    def get(self, number: int) -> Event | None:
        """Return an event by its number, or None if it has not happened yet.

        Args:
            number: counted from 0; all events before it have been read.
        """
        if number >= len(self.entries):
            return None
        event: Event | PlannedPieces = self.entries[number]
        return self.all()[number] if isinstance(event, PlannedPieces) else event

    @property
    def last_at(self) -> float:
        """Return when the last event happened, in unix seconds."""
        last = self.entries[-1]
        return last.last_at if isinstance(last, PlannedPieces) else last.at

    def _unpack(self) -> None:
        with _UNPACKING:
            position = 0
            while position < len(self.entries):
                entry = self.entries[position]
                if isinstance(entry, PlannedPieces):
                    self.entries[position : position + 1] = entry.deltas()
                    self._unpacked += 1
                position += 1
