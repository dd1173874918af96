"""The rows of a parity report, turn by turn.

Both sides' entries are next to each other, and what differs is marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from understudy._transcript.comparing import Difference, Words, actions_of, rows_of
from understudy._transcript.entries import TranscriptEntry, Turn, in_words
from understudy._transcript.transcript import Transcript

_GIVEN = ("user", "instructions", "tools", "parameter")
_ALONE = ("user", "instructions", "tools", "parameter", "call", "output", "reply", "citation", "outcome")


class ReportRow(NamedTuple):
    """One row: the kind, each side's words, and the difference, if any.

    Words are None where a side has nothing.
    """

    kind: str
    old: str | None
    new: str | None
    difference: Difference | None = None


class TurnRows(NamedTuple):
    """The rows of one turn. `number`: from 1; None for the results."""

    number: int | None
    rows: list[ReportRow]


def turn_rows(old: Transcript, new: Transcript, found: Sequence[Difference], words: Words) -> list[TurnRows]:
    """Return the rows of a report."""
    left = list(found)
    turns = []
    for number, (one, other) in enumerate(rows_of(old.turns, new.turns, words), 1):
        rows = [_marked(kind, mine, theirs, _numbers(one, other), left) for kind, mine, theirs in _pairs(one, other, words)]
        rows += [_of(difference) for difference in _taken(left, one, other)]
        turns.append(TurnRows(number, rows))
    if left:
        turns.append(TurnRows(None, [_of(difference) for difference in left]))
    return turns


def _pairs(one: Turn | None, other: Turn | None, words: Words) -> Iterator[tuple[str, Any, Any]]:
    if one is None or other is None:
        turn = one or other
        assert turn is not None
        for entry in turn.of(*_ALONE):
            yield entry.kind, *((entry.value, None) if one is not None else (None, entry.value))
        return
    for kind in _GIVEN:
        yield from ((kind, mine, theirs) for mine, theirs in _in_force(one.of(kind), other.of(kind)))
    for mine, theirs in actions_of(one, other, words):
        yield (mine or theirs).kind, _value(mine), _value(theirs)  # type: ignore[union-attr]
    for mine, theirs in zip_longest(one.of("outcome"), other.of("outcome")):
        yield "outcome", _value(mine), _value(theirs)


def _in_force(one: list[TranscriptEntry], other: list[TranscriptEntry]) -> Iterator[tuple[Any, Any]]:
    """Yield what each side gave at each change.

    A side that changes nothing more keeps what it has.
    """
    mine = theirs = None
    for entry, facing in zip_longest(one, other):
        mine = entry.value if entry is not None else mine
        theirs = facing.value if facing is not None else theirs
        yield mine, theirs


def _value(entry: TranscriptEntry | None) -> Any:
    return entry.value if entry is not None else None


def _numbers(one: Turn | None, other: Turn | None) -> int | None:
    turn = one or other
    return turn.entries[0].turn if turn is not None and turn.entries else None


def _marked(kind: str, old: Any, new: Any, number: int | None, left: list[Difference]) -> ReportRow:
    shown = [None if value is None else in_words(kind, value) for value in (old, new)]
    for difference in left:
        is_of_row = difference.turn == number and difference.kind == kind
        if is_of_row and _fits(difference.old, old) and _fits(difference.new, new):
            left.remove(difference)
            return ReportRow(kind, shown[0], shown[1], difference)
    return ReportRow(kind, shown[0], shown[1])


def _fits(differing: Any, value: Any) -> bool:
    """Return True if one side of a difference is that of a row.

    Of parameters a difference names only those that differ.
    """
    if isinstance(differing, dict) and isinstance(value, dict):
        return differing == value or differing.keys() < value.keys()
    return bool(differing == (value or None))


def _taken(left: list[Difference], one: Turn | None, other: Turn | None) -> list[Difference]:
    number = _numbers(one, other)
    taken = [difference for difference in left if difference.turn == number]
    for difference in taken:
        left.remove(difference)
    return taken


def _of(difference: Difference) -> ReportRow:
    shown = [None if side is None else in_words(difference.kind, side) for side in (difference.old, difference.new)]
    return ReportRow(difference.kind, shown[0], shown[1], difference)
