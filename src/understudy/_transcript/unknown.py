"""The value of what a recording does not show.

It is equal to anything, so that it is never taken for a difference.
"""

from __future__ import annotations

import json
from typing import Any, Final, final


@final
class Unknown:
    """An unknown value. There is one, `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "(unknown)"

    def __reduce__(self) -> str:
        return "UNKNOWN"  # a copy is the same one


UNKNOWN: Final = Unknown()


def same(old: Any, new: Any) -> bool:
    """Return True if two values mean the same, as far as both are known."""
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same(value, new[key]) for key, value in old.items())
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(same, old, new))
    return bool(old == new)


def plain(text: str) -> str:
    """Return a text with every stretch of white space as one space, none at its ends."""
    return " ".join(text.split())


def json_or_text(text: str) -> Any:
    """Return the value that a text is JSON of, else the text.

    Arguments and outputs are equal when they are as JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return plain(text)
