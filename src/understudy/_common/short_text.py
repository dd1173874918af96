"""Texts in one line of a report."""

from __future__ import annotations

MOST_LETTERS = 60  # of a text that is shown


def short(text: str) -> str:
    """Return a text as far as a line has room for it."""
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 run`, `2 runs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
