"""When an answer was given, as far as it shows."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from understudy._cassettes.interaction import Interaction


def sent_at(date: str | None) -> float:
    """Return the moment that a `date` header tells; 0 if it tells none."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return 0


def newest(value: Any) -> float:
    """Return the newest `created_at` anywhere in a value, in unix seconds; 0 when there is none."""
    if isinstance(value, dict):
        own = value.get("created_at")
        return max([own if isinstance(own, int) else 0, *map(newest, value.values())])
    if isinstance(value, list):
        return max([0, *map(newest, value)])
    return 0


def moment_of(recorded: Interaction) -> float:
    """Say how new an answer is, in unix seconds: by the newest object it shows, else by its date; 0 if it does not show."""
    return newest([data for _, data in recorded.events] or recorded.json) or sent_at(recorded.header("date"))
