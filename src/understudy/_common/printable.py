"""Text that is safe to show: what a terminal would obey is shown as an escape instead.

A cassette is written by others. A sequence in it that moves the cursor, sets the title, or turns the direction of a line
could make a terminal, or a CI log, show something else than what is there.
"""

from __future__ import annotations

import re

# The control characters but tab and line feed, the marks that reorder a line, and halves of surrogate pairs.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Escape the characters that a terminal would obey, as Python writes them.

    >>> printable("\x1b[2J gone")
    '\\x1b[2J gone'
    """
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)
