"""Rows of styled text, and the terminal they are written to.

Not rich: colours, a width and wrapping are enough here; `understudy show` should not bring a markup language and
a syntax highlighter into every test environment.
"""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from understudy._common.printable import printable

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36"}
_FILLER = "\x00"
_NARROWEST = 20  # columns; narrower terminals get this width


class Styled(NamedTuple):
    """A piece of a row, in one style."""

    text: str
    style: str = ""


Row = tuple[Styled, ...]


@dataclass(frozen=True)
class Terminal:
    """Where rows are shown.

    Attributes:
        width: in columns; None where lines may be as long as they like, as in a file or a pipe.
        colour: whether styles are shown.
        encoding: what it can show; other characters become question marks.
    """

    width: int | None = None
    colour: bool = False
    encoding: str = "utf-8"

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str] = os.environ) -> Terminal:
        """Return the terminal that a stream leads to.

        `NO_COLOR` (not empty) turns colour off, `FORCE_COLOR` turns it on without a terminal; `COLUMNS` sets the
        width. [no-color.org, force-color.org, POSIX]
        """
        is_terminal = stream.isatty()
        forced = bool(environment.get("FORCE_COLOR"))
        wanted = forced or (is_terminal and environment.get("TERM") != "dumb")
        columns = environment.get("COLUMNS", "")
        width = int(columns) if columns.isdigit() and int(columns) else None
        if width is None and is_terminal:
            width = shutil.get_terminal_size((80, 24)).columns
        return cls(
            None if width is None else max(width, _NARROWEST),
            wanted and not environment.get("NO_COLOR"),
            stream.encoding or "utf-8",
        )

    def text(self, rows: Iterable[Row], clean: Callable[[str], str] = str) -> str:
        """Return the rows as one text.

        `clean` removes from each piece what should not be shown.
        """
        lines = (self._line(tuple(Styled(printable(clean(text)), style) for text, style in row)) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode(self.encoding, "replace").decode(self.encoding)

    def _line(self, row: Row) -> str:
        if self.width is not None:
            row = tuple(cut(row, self.width))
        painted = "".join(self._painted(piece) for piece in row)
        return painted if self.colour else painted.rstrip()

    def _painted(self, piece: Styled) -> str:
        code = _CODES.get(piece.style) if self.colour else None
        return f"\x1b[{code}m{piece.text}\x1b[0m" if code and piece.text else piece.text


def plain(text: str) -> Row:
    """Return a row without any style."""
    return (Styled(text),)


def wrapped(lead: str, text: str, width: int | None, style: str = "", indent: int | None = None) -> Iterator[Row]:
    """Yield the rows of a text of any length, the first behind `lead`.

    Its own line breaks are kept.

    Args:
        lead: the text before it, in the style.
        text: to be wrapped.
        width: of a row in columns; None to break no line that is whole.
        style: of the lead.
        indent: of the further rows; as long as the lead if None.
    """
    margin = " " * (cells(lead) if indent is None else indent)
    room = None if width is None else max(width, len(margin) + _NARROWEST // 2, len(lead) + _NARROWEST // 2)
    start = lead
    for line in text.splitlines() or [""]:
        parts = [start + line] if room is None else _wrap(line, room, start, margin)
        for part in parts or [start]:
            yield (Styled(part[: len(start)], style), Styled(part[len(start) :]))
            start = margin


def _wrap(line: str, room: int, start: str, margin: str) -> list[str]:
    """Wrap by columns, adding a filler behind each character that takes two."""
    padded = "".join(each + _FILLER * (_cells(each) - 1) for each in line)
    parts = textwrap.wrap(padded, room, initial_indent=start, subsequent_indent=margin, break_on_hyphens=False)
    return [part.replace(_FILLER, "") for part in parts]


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(row: Row, width: int) -> Iterator[Styled]:
    """Yield the row as far as it fits, with an ellipsis where something is missing."""
    if sum(cells(text.rstrip() if number == len(row) - 1 else text) for number, (text, _) in enumerate(row)) <= width:
        yield from row
        return
    room = width - 1
    for text, style in row:  # pragma: no branch - it is too wide, so that it ends in here
        shown = ""
        for character in text:
            room -= _cells(character)
            if room < 0:
                yield Styled(f"{shown.rstrip()}…", style)
                return
            shown += character
        yield Styled(shown, style)
