"""Short texts for one line of a report."""

from __future__ import annotations

MAX_CHARACTERS = 60  # of a text


def short(text: str) -> str:
    """Return a text, cut to `MAX_CHARACTERS`."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 run`, `2,000 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
