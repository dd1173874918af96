"""The binary values of a YAML document, wherever they are.

A search of the text does not see what is in them: base64 is cut into lines, and need not be of text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

_TAG = re.compile(r"(?:^|[\s\[{,])![^\s=]", re.MULTILINE)  # without a tag, YAML has no binary values


def may_have_binary(text: str) -> bool:
    """Return True if a YAML text has tags: one may be of a binary value."""
    return _TAG.search(text) is not None


def binary_values(data: Any) -> Iterator[bytes]:
    """Yield the binary values in a document's data, keys included.

    A file that vcrpy pickled is one of them.
    """
    parts, known = [data], set[int]()
    while parts:
        part = parts.pop()
        if isinstance(part, bytes | BytesIO):
            yield part if isinstance(part, bytes) else part.getvalue()
        elif isinstance(part, dict | list | tuple | set) and id(part) not in known:  # an alias is read once
            known.add(id(part))
            parts += [*part, *part.values()] if isinstance(part, dict) else part


def as_text(value: bytes) -> str:
    """Return a binary value as text; one that is not UTF-8, byte for byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
