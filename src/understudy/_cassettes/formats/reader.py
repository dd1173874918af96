"""The interface of a reader, and what it looks at to recognize a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy._cassettes.interaction import Interaction


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How the files of one recorder are read.

    Attributes:
        recorder: whose files they are, as its users call it.
        recognizes: whether a document is such a file. It never raises, whatever the document is.
        entries: the recorded exchanges of a document, in the order in which they were recorded.
        interaction: one exchange (its number from 0, the entry, the path of the file). It raises `Omitted` for an entry
            that holds no exchange, `UnknownBody` for one whose body is kept in an unknown way, and a KeyError, TypeError
            or ValueError for one that the recorder would not have written so.
    """

    recorder: str
    recognizes: Callable[[Any], bool]
    entries: Callable[[Any], Sequence[Any]]
    interaction: Callable[[int, Any, Path], Interaction]


def part(entry: Any, *keys: str) -> dict[str, Any]:
    """Return the mapping under these keys, or an empty one."""
    for key in keys:
        entry = entry.get(key) if isinstance(entry, dict) else None
    return entry if isinstance(entry, dict) else {}


def members(document: Any, key: str | None = None) -> list[Any]:
    """Return the list that a document is, or has under a key, or an empty one."""
    found = document if key is None else part(document).get(key)
    return found if isinstance(found, list) else []


def first(entries: Sequence[Any]) -> dict[str, Any]:
    """Return the first entry, or an empty one."""
    return part(entries[0]) if entries else {}


def in_order(entries: Sequence[Any], key: str) -> list[Any]:
    """Return the entries sorted by the time under a key.

    They are returned as they are if one of them has no time.
    """
    times = [_time(part(entry).get(key)) for entry in entries]
    if any(time is None for time in times):
        return list(entries)
    return [entry for _, entry in sorted(zip(times, entries, strict=True), key=lambda pair: pair[0])]  # type: ignore[arg-type,return-value]


def _time(value: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
