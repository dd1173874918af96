"""Comparison of values, except for ids and times, which recordings draw anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from understudy._inspect.conversation_entry import compact

MISSING = object()  # the value of an absent key in a comparison
_ID = re.compile(r"(?<![A-Za-z0-9])((?:[a-z]+_)*[a-z]+[_-])(?=[A-Za-z0-9]*[0-9A-Z])([A-Za-z0-9]{12,})(?![A-Za-z0-9])")
_PREFIX = re.compile(r"(.*[_-]).+", re.DOTALL)
_OPAQUE = frozenset({"encrypted_content", "obfuscation", "sequence_number"})  # drawn anew, and not read by any app

Unequal = tuple[str, Any, Any]


class Identities:
    """Which id of one recording corresponds to which of the other.

    Each is learned when it is first seen, and corresponds to one other alone.
    """

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def differences(self, old: Any, new: Any, path: str = "") -> Iterator[Unequal]:
        """Yield where two JSON values differ: path, old value, new value.

        The path is one such as `usage.total_tokens`.

        A key or an item that only one of them has is `MISSING` in the other.
        """
        if isinstance(old, dict) and isinstance(new, dict):
            for key in dict.fromkeys([*old, *new]):
                if not _is_drawn(key, old.get(key, MISSING), new.get(key, MISSING)):
                    inner = f"{path}.{key}" if path else str(key)
                    yield from self._of_member(key, old.get(key, MISSING), new.get(key, MISSING), inner)
        elif isinstance(old, list) and isinstance(new, list):
            for number in range(max(len(old), len(new))):
                one, other = (each[number] if number < len(each) else MISSING for each in (old, new))
                yield from self.differences(one, other, f"{path}[{number}]")
        elif isinstance(old, str) and isinstance(new, str):
            if not self._equal_texts(old, new):
                yield path, old, new
        elif isinstance(old, bool) is not isinstance(new, bool) or old != new:
            yield path, old, new

    def _of_member(self, key: str, old: Any, new: Any, path: str) -> Iterator[Unequal]:
        names_one = key == "id" or key.endswith("_id")
        if names_one and isinstance(old, str) and isinstance(new, str) and _kind(old) == _kind(new):
            if not self.may_correspond(old, new):
                yield path, old, new
        else:
            yield from self.differences(old, new, path)

    def may_correspond(self, old: str, new: str) -> bool:
        """Return True if two ids may correspond, by all pairs seen so far."""
        return self._new.setdefault(old, new) == new and self._old.setdefault(new, old) == old

    def _equal_texts(self, old: str, new: str) -> bool:
        """Return True if two texts are equal except for the ids in them."""
        if _ID.sub(r"\1", old) != _ID.sub(r"\1", new):
            return False
        ids = zip(_ID.finditer(old), _ID.finditer(new), strict=False)
        return all(self.may_correspond(one[0], other[0]) for one, other in ids)


def without_ids(text: str) -> str:
    """Return a text with each id reduced to its prefix."""
    return _ID.sub(r"\1", text)


def shown(value: Any) -> str:
    """Return a value of a difference as text."""
    return "(missing)" if value is MISSING else compact(value) if not isinstance(value, str) else repr(value)


def _kind(value: str) -> str:
    """Return the kind of an id: `thread_` for `thread_abc`."""
    found = _PREFIX.fullmatch(value)
    return found[1] if found else value


def _is_drawn(key: str, old: Any, new: Any) -> bool:
    """Return True if both values here are ones that every recording draws anew.

    Such as a time, or what only the service reads.
    """
    if key in _OPAQUE:
        return True
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (old, new))
    return numbers and (key.endswith("_at") or key == "created")
