"""A sequence that is a value and still grows at constant cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class Prefix(Sequence[Any]):
    """The first items of a list that only grows.

    It is a value, equal to the tuple of these items.
    One more item costs the same however many there are, since the longer value shares the list; a second continuation of
    the same value copies it.
    """

    __slots__ = ("_count", "_list")

    def __init__(self, shared: list[Any], count: int) -> None:
        self._list = shared
        self._count = count

    def plus(self, item: Any) -> Prefix:
        """Return these items and one more."""
        shared = self._list if len(self._list) == self._count else self._list[: self._count]
        shared.append(item)
        return Prefix(shared, self._count + 1)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list[: self._count])

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return tuple(self)[place]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Prefix | tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
