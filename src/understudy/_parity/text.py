"""A parity report on a terminal.

What differs in words first, then both sides in two columns.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from understudy._common.printable import printable
from understudy._parity.information import information
from understudy._parity.rows import ReportRow, turn_rows
from understudy._transcript.comparing import Difference, Words
from understudy._transcript.transcript import Transcript

_SIDE_WIDTH = 42  # characters of one side, where the width of the terminal is not known
_NARROWEST, _WIDEST = 16, 60  # characters of one side
_KIND_WIDTH = 12  # characters
_AROUND = len("! ") + _KIND_WIDTH + len("  ") + len(" | ")  # characters of a row beside both sides


def report_text(
    old: Transcript,
    new: Transcript,
    found: Sequence[Difference],
    sides: Sequence[Any],
    code: str,
    words: Words,
    width: int | None = None,
) -> str:
    """Return the whole report as text.

    `width`: the columns of the terminal; None if they are not known.
    """
    side = _SIDE_WIDTH if width is None else min(max((width - _AROUND) // 2, _NARROWEST), _WIDEST)
    lines = [f"parity: {summary(found)}"]
    for number, difference in enumerate(found, 1):
        lines += _listed(f"  {number}. ", str(difference), width)
    lines += ["", f"  {'':{_KIND_WIDTH}}  {'old: ' + (old.api or 'nothing'):{side}}   new: {new.api or 'nothing'}"]
    for turn in turn_rows(old, new, found, words):
        lines.append("results" if turn.number is None else f"turn {turn.number}")
        for row in turn.rows:
            lines += _row(row, side)
    lines += ["", *(part for line in information(old, new, sides) for part in _listed("", line, width))]
    if code and found:
        lines += ["", "To reproduce:", f"  {code}"]
    return "\n".join(printable(line).rstrip() for line in lines)


def summary(found: Sequence[Difference]) -> str:
    """Return how much differs, and of what kinds."""
    if not found:
        return "no difference"
    kinds = ", ".join(dict.fromkeys(difference.kind for difference in found))
    return f"{len(found)} difference{'s' if len(found) > 1 else ''} ({kinds})"


def _listed(lead: str, text: str, width: int | None) -> Iterator[str]:
    """Yield the lines of a text behind a number, wrapped to the width if any."""
    margin = " " * max(len(lead), 2)
    for line in text.split("\n"):
        parts = [lead + line] if width is None else textwrap.wrap(line, width, initial_indent=lead, subsequent_indent=margin)
        yield from parts or [lead]
        lead = margin


def _row(row: ReportRow, width: int) -> Iterator[str]:
    mark = "!" if row.difference is not None else " "
    columns = [_wrapped(side, width) for side in (row.old, row.new)]
    for number in range(max(map(len, columns))):
        left, right = (column[number] if number < len(column) else "" for column in columns)
        kind = row.kind if number == 0 else ""
        yield f"{mark} {kind:{_KIND_WIDTH}}  {left:{width}} | {right}"


def _wrapped(text: str | None, width: int) -> list[str]:
    return textwrap.wrap("-" if text is None else text, width) or [""]
