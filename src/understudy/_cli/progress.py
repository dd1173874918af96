"""A line that shows how far a command has come, for those who wait at a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Sequence
from typing import TextIO, TypeVar

_T = TypeVar("_T")
DELAY_SECONDS = 2.0  # a command that is done by then shows nothing
_BETWEEN_SECONDS = 0.1
_BAR = 20  # columns


def progress(
    items: Sequence[_T],
    doing: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[_T, None, None]:
    """Yield items one by one; after two seconds, show in a line how many are done.

    The line is written to stderr only if that is a terminal, and removed at the end.

    Args:
        items: what is worked on.
        doing: in a word, such as `"checking"`.
        stream: instead of stderr.
        clock: in seconds.
    """
    stream = sys.stderr if stream is None else stream
    is_terminal = stream.isatty()
    begun = clock()
    shown = begun + DELAY_SECONDS - _BETWEEN_SECONDS
    width = 0
    try:
        for number, item in enumerate(items):
            if is_terminal and clock() - shown >= _BETWEEN_SECONDS:
                shown = clock()
                line = f"{doing} {_bar(number / len(items))} {number} of {len(items)}"
                stream.write(f"\r{line:{width}}")
                stream.flush()
                width = len(line)
            yield item
    finally:
        if width:
            stream.write(f"\r{'':{width}}\r")
            stream.flush()


def _bar(share: float) -> str:
    full = int(share * _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}]"
