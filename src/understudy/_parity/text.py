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

WIDTH = 42  # characters of one column
_KIND_WIDTH = 12  # characters


def report_text(
    old: Transcript,
    new: Transcript,
    found: Sequence[Difference],
    sides: Sequence[Any],
    code: str,
    words: Words,
) -> str:
    """Return the whole report as text."""
    lines = [f"parity: {summary(found)}"]
    lines += [f"  {number}. {_indented(str(difference))}" for number, difference in enumerate(found, 1)]
    lines += ["", f"  {'':{_KIND_WIDTH}}  {'old: ' + (old.api or 'nothing'):{WIDTH}}   new: {new.api or 'nothing'}"]
    for turn in turn_rows(old, new, found, words):
        lines.append("results" if turn.number is None else f"turn {turn.number}")
        for row in turn.rows:
            lines += _row(row)
    lines += ["", *information(old, new, sides)]
    if code and found:
        lines += ["", "To reproduce:", f"  {code}"]
    return "\n".join(printable(line).rstrip() for line in lines)


def summary(found: Sequence[Difference]) -> str:
    """Return how much differs, and of what kinds."""
    if not found:
        return "no difference"
    kinds = ", ".join(dict.fromkeys(difference.kind for difference in found))
    return f"{len(found)} difference{'s' if len(found) > 1 else ''} ({kinds})"


def _indented(text: str) -> str:
    return text.replace("\n", "\n     ")


def _row(row: ReportRow) -> Iterator[str]:
    mark = "!" if row.difference is not None else " "
    columns = [_wrapped(side) for side in (row.old, row.new)]
    for number in range(max(map(len, columns))):
        left, right = (column[number] if number < len(column) else "" for column in columns)
        kind = row.kind if number == 0 else ""
        yield f"{mark} {kind:{_KIND_WIDTH}}  {left:{WIDTH}} | {right}"


def _wrapped(text: str | None) -> list[str]:
    return textwrap.wrap("-" if text is None else text, WIDTH) or [""]
