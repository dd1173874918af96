"""A cassette on the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from understudy._apis.assistants.lifecycle import TERMINAL
from understudy._common.short_text import counted
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.terminal import Row, Styled, Terminal, cells, plain, wrapped
from understudy._inspect.view import CassetteView, Line

_LONGEST_PATH = 64
_BESIDE_PATH = 45  # columns for the method, the status and a short answer
_NARROW = 72  # columns; below that, the further rows of a text begin further left
_ID = re.compile(r"\b([a-z]+(?:_|-)[A-Za-z0-9]{4})[A-Za-z0-9]{10,}\b")
_STYLES = {
    "user": "cyan",
    "assistant": "green",
    "call": "yellow",
    "output": "magenta",
    "outcome": "dim",
    "instructions": "blue",
    "system": "blue",
    "developer": "blue",
}
_LABEL = 12  # columns, as wide as the longest label: `instructions`


def as_text(view: CassetteView, terminal: Terminal | None = None) -> str:
    """Return all of a view in lines.

    They are plain and of any length, unless a terminal is given.
    """
    terminal = terminal or Terminal()
    return terminal.text(rows(view, terminal.width))


def rows(view: CassetteView, width: int | None) -> Iterator[Row]:
    """Yield the rows of a view, laid out for a width in columns."""
    yield from _head(view, width)
    yield from _exchanges(view, width)
    yield from _conversations(view, width)
    if view.runs or view.no_runs or not view.conversation:
        yield plain("")
        yield _heading(counted(len(view.runs), "run"))
    if view.no_runs:
        yield from wrapped("  ", f"could not be reconstructed: {view.no_runs}", width)
    for run in view.runs:
        for row in str(run).splitlines():
            yield (Styled(f"  {row}", "red" if run.status in _BAD and not row.startswith(" ") else ""),)
    yield from _section("not readable", view.unreadable, width)
    for title, kind in (("secrets", "secret"), ("against the observed spec", "spec")):
        yield from _section(title, [finding.brief for finding in view.findings if finding.kind == kind], width)


_BAD = TERMINAL - {"completed"}


def _head(view: CassetteView, width: int | None) -> Iterator[Row]:
    yield _heading(str(view.path))
    if view.recorder:
        yield from wrapped("  format    ", view.recorder, width, "dim")
    yield from wrapped("  recorded  ", view.age, width, "dim")
    yield from wrapped("  by        ", "; ".join(view.clients) or "unknown: no header says", width, "dim")
    yield from wrapped("  from      ", "; ".join(view.servers) or "(unknown)", width, "dim")


def _heading(text: str) -> Row:
    return (Styled(text, "bold"),)


# -- exchanges ----------------------------------------------------------------------


def _exchanges(view: CassetteView, width: int | None) -> Iterator[Row]:
    yield plain("")
    yield _heading(counted(view.interactions, "exchange"))
    numbers = max((len(number_of(line)) for line in view.lines), default=0)
    numbers = max(numbers, 9) if width is None else numbers
    longest = max((len(_path(line, width)) for line in view.lines), default=0)
    room = longest if width is None else min(longest, max(width - numbers - _BESIDE_PATH, 0))
    for line in view.lines:
        yield from _exchange(line, numbers, room, width)


def _exchange(line: Line, numbers: int, room: int, width: int | None) -> Iterator[Row]:
    """Yield the row of an exchange, or two if the answer does not fit beside it."""
    number = Styled(f"  {number_of(line):>{numbers}} ", "dim")
    asked = Styled(f"{line.method:6} {_path(line, width):{room}} ")
    status = Styled(str(line.status), "red" if line.status >= 400 else "dim")
    what = f"{line.what}{times(line)}" if width is None else f"{_short_ids(line.what)}{times(line)}"
    if width is None or sum(map(cells, (number.text, asked.text, what))) + 5 <= width:
        yield (number, asked, status, Styled(f"  {what}"))
    else:
        yield (number, asked, status)
        yield from wrapped(" " * (cells(number.text) + 7), what, width)


def _path(line: Line, width: int | None) -> str:
    """Return the path of a request, its ids cut if it is long or room is scarce."""
    if len(line.path) <= _LONGEST_PATH and width is None:
        return line.path
    path = _short_ids(line.path)
    return path if width is None or len(path) <= width - 24 else f"{path[: width - 24]}…"


def _short_ids(text: str) -> str:
    """Return a text with its ids cut after their first letters: `thread_5uZg…`."""
    return _ID.sub(r"\1…", text)


def number_of(line: Line) -> str:
    """Return the number of a line: `#3`, or `#3-7` for several in a row."""
    return f"#{line.first}" if line.first == line.last else f"#{line.first}-{line.last}"


def times(line: Line) -> str:
    return f"  ({line.count} times)" if line.count > 1 else ""


# -- conversations ------------------------------------------------------------------


def _conversations(view: CassetteView, width: int | None) -> Iterator[Row]:
    if view.no_conversation:
        yield plain("")
        yield _heading("conversation")
        yield from wrapped("  ", f"could not be reconstructed: {view.no_conversation}", width)
    for name, entries in groupby(view.conversation, key=lambda entry: entry.conversation):
        yield plain("")
        yield _heading(f"conversation {name}".rstrip())
        for entry in entries:
            yield from _entry(entry, width)


def _entry(entry: ConversationEntry, width: int | None) -> Iterator[Row]:
    lead = f"  {f'#{entry.exchange}':>4} {entry.label:{_LABEL}}  "
    indent = 9 if width is not None and width < _NARROW else None
    bad = entry.kind == "outcome" and entry.name != "completed"
    yield from wrapped(lead, entry.words, width, "red" if bad else _STYLES.get(entry.kind, ""), indent)


def _section(title: str, sentences: tuple[str, ...] | list[str], width: int | None) -> Iterator[Row]:
    yield plain("")
    yield (Styled(title, "bold"), Styled(f": {len(sentences) or 'none'}", "red" if sentences else ""))
    for sentence in sentences:
        yield from wrapped("  ", sentence, width, indent=4)
