"""The line that says how far a command has come."""

from __future__ import annotations

import io
from collections.abc import Callable

from understudy._cli.progress import progress


class Terminal(io.StringIO):
    """A terminal as far as anyone can ask it."""

    def isatty(self) -> bool:
        return True


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that goes on by so many seconds whenever it is read."""
    times = (seconds * number for number in range(10**6))
    return lambda: next(times)


def test_a_long_wait_on_a_terminal() -> None:
    """After two seconds the line appears, it counts, and at the end nothing of it is left."""
    terminal = Terminal()
    assert list(progress(range(40), "checking", stream=terminal, clock=ticking(0.1))) == list(range(40))
    *lines, blank, end = terminal.getvalue().split("\r")[1:]
    first = int(lines[0].split()[-3])
    assert 5 < first < 25
    assert lines[-1].rstrip().endswith(" of 40")
    assert len(lines) > 3
    assert blank.strip() == ""
    assert len(blank) >= len(lines[-1])
    assert end == ""


def test_a_short_wait() -> None:
    """What is done within two seconds shows nothing."""
    terminal = Terminal()
    assert list(progress(range(10), "checking", stream=terminal, clock=ticking(0.01))) == list(range(10))
    assert terminal.getvalue() == ""


def test_no_terminal() -> None:
    """A file or a pipe gets nothing, however long it takes."""
    stream = io.StringIO()
    assert list(progress("abc", "checking", stream=stream, clock=ticking(5))) == ["a", "b", "c"]
    assert stream.getvalue() == ""


def test_an_error_clears_the_line() -> None:
    """A command that gives up leaves no half of a line before its message."""
    terminal = Terminal()
    for item in (items := progress(range(9), "checking", stream=terminal, clock=ticking(1))):
        if item == 5:
            break
    items.close()
    assert terminal.getvalue().endswith("\r")
