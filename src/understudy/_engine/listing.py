"""An ordered collection with cursor paging.

The cost of a page does not depend on the size of the collection: keys are kept sorted, and a cursor is a key, found by
bisection. Keys of removed items are remembered, so their cursors stay valid.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from understudy.errors import UnderstudyError


class Listed(Protocol):
    """An object that can be listed. Its place is fixed when it is added."""

    id: str
    created_at: float


T = TypeVar("T", bound=Listed)
Key = tuple[float, int]


class Page(NamedTuple, Generic[T]):
    """One page.

    `has_more`: whether further items follow its last one, in listing order.
    """

    items: list[T]
    has_more: bool


_NO_KEYS: list[Key] = []
_NO_ITEMS: list[Any] = []
_NO_PLACES: dict[str, Key] = {}
_NO_IDS: dict[str, Any] = {}
_get_none = _NO_IDS.get


class Listing(Generic[T]):
    """Items by id, and in the order of `created_at`.

    Items of the same second keep the order in which they were added. [REC] Cursors stay valid when items are added or
    deleted, that of a deleted item included.

    Attributes:
        get: returns the item with an id, or None; the dictionary's own method, because every request looks something up.
    """

    __slots__ = ("_by_id", "_count", "_items", "_keys", "_places", "get")
    get: Callable[[str], T | None]

    def __init__(self) -> None:
        # Most listings stay empty (a thread's runs): until the first item they share constants.
        self._keys: list[Key] = _NO_KEYS
        self._items: list[T] = _NO_ITEMS
        self._places: dict[str, Key] = _NO_PLACES
        self._by_id: dict[str, T] = _NO_IDS
        self.get = _get_none
        self._count = 0

    def add(self, item: T) -> None:
        """Add an item.

        Raises:
            UnderstudyError: there already is one with its id: the test has pinned it twice.
        """
        if item.id in self._by_id:
            raise UnderstudyError(f"there is already an object with the id {item.id!r}: give next_ids() ids that are new")
        if not self._count:
            self._keys, self._items, self._places, self._by_id = [], [], {}, {}
            self.get = self._by_id.get
        key = (item.created_at, self._count)
        self._count += 1
        place = len(self._keys) if not self._keys or key > self._keys[-1] else bisect.bisect(self._keys, key)
        self._keys.insert(place, key)
        self._items.insert(place, item)
        self._places[item.id] = key
        self._by_id[item.id] = item

    def remove(self, item_id: str) -> Key:
        """Remove an item that is there; return its key."""
        del self._by_id[item_id]
        key = self._places[item_id]
        place = bisect.bisect_left(self._keys, key)
        del self._keys[place], self._items[place]
        return key

    def knows(self, item_id: str) -> bool:
        """Return whether an id can be a cursor: an item here has it, or once had."""
        return item_id in self._places

    def page(
        self,
        *,
        limit: int = 20,
        order: str = "desc",
        after: str | None = None,
        before: str | None = None,
        where: Callable[[T], bool] | None = None,
    ) -> Page[T]:
        """Return a page in listing order.

        `after` and `before` are ids, exclusive; with only `before`, the page ends just before that item. [RUN]
        """
        low, high = 0, len(self._keys)
        first, last = (after, before) if order == "asc" else (before, after)
        if first is not None:
            low = bisect.bisect_right(self._keys, self._places[first])
        if last is not None:
            high = min(high, bisect.bisect_left(self._keys, self._places[last]))
        forwards = order == "asc"
        if before is not None and after is None:  # the items just before the cursor, not the first ones of the list
            forwards = not forwards
        found = self._collect(range(low, high) if forwards else range(high - 1, low - 1, -1), limit, where)
        items, has_more = found[:limit], len(found) > limit
        if before is not None and after is None:
            items.reverse()
        return Page(items, has_more)

    def _collect(self, places: range, limit: int, where: Callable[[T], bool] | None) -> list[T]:
        if where is None:
            return [self._items[place] for place in places[: limit + 1]]
        found: list[T] = []
        for place in places:
            if where(self._items[place]):
                found.append(self._items[place])
                if len(found) > limit:
                    break
        return found

    def __iter__(self) -> Iterator[T]:
        """Iterate over all items, oldest first."""
        return iter(self._items)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def added(self) -> int:
        """How many items were ever added: the second part of the next one's key."""
        return self._count

    def keyed(self) -> Iterator[tuple[Key, T]]:
        """Iterate over all items with their keys, oldest first."""
        return zip(self._keys, self._items, strict=True)
