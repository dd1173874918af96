"""When an answer was given, as far as it shows."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

from understudy._cassettes.interaction import Interaction

_END_OF_CALENDAR = 253_402_300_800  # the year 10000, in unix seconds


def sent_at(date: str | None) -> float:
    """Return the moment of a `date` header, in unix seconds; 0 if it has none."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return 0


def newest(value: Any) -> float:
    """Return the newest `created_at` in a value, in unix seconds; 0 if there is none.

    One that no calendar has is left out: other servers count milliseconds.
    """
    if isinstance(value, dict):
        own = value.get("created_at")
        return max([own if isinstance(own, int) and own < _END_OF_CALENDAR else 0, *map(newest, value.values())])
    if isinstance(value, list):
        return max([0, *map(newest, value)])
    return 0


def moment_of(recorded: Interaction) -> float:
    """Return how new an answer is, in unix seconds; 0 if it does not show.

    By the newest object it shows, else by its `date` header.
    """
    return newest([data for _, data in recorded.events] or recorded.json) or sent_at(recorded.header("date"))
