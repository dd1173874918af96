"""A listing that can be read as of an earlier moment."""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

from understudy._engine.listing import Key, Listing, T


class LogMark(NamedTuple):
    """A moment of a log: how many items were added and deleted by then."""

    added: int
    deleted: int


class ItemLog(Listing[T]):
    """A conversation's log, which can show what it held at a mark.

    Once a mark was taken, deleted items are kept for that. `remove` is for what was never accepted: it takes an item out
    as if it had not been added.
    """

    __slots__ = ("_deleted",)

    def __init__(self) -> None:
        super().__init__()
        self._deleted: list[tuple[Key, T]] | None = None  # until a mark is taken, nothing can be asked for

    def delete(self, item: T) -> None:
        """Delete an item; what was marked before shows it all the same."""
        key = self.remove(item.id)
        if self._deleted is not None:
            self._deleted.append((key, item))

    def mark(self) -> LogMark:
        """Return a mark of this moment."""
        if self._deleted is None:
            self._deleted = []
        return LogMark(self.added, len(self._deleted))

    def as_of(self, mark: LogMark) -> list[T]:
        """Return the items there were at a mark, oldest first."""
        keyed = [*self.keyed(), *(self._deleted or ())[mark.deleted :]]
        return [item for key, item in sorted(keyed, key=itemgetter(0)) if key[1] < mark.added]
