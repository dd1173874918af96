"""Text that is safe to show: terminal control characters are escaped.

Cassettes come from others. A sequence in one that moves the cursor, sets the title, or reverses the direction of a line
could make a terminal, or a CI log, show something other than what is there.
"""

from __future__ import annotations

import re

# Control characters except tab and line feed, marks that reorder a line, and lone surrogates.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Escape terminal control characters, as Python writes them.

    >>> printable("\x1b[2J gone")
    '\\x1b[2J gone'
    """
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)
