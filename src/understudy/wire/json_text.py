"""JSON as the service wrote it: two spaces of indentation, non-ASCII characters as they are. [REC]

`json.dumps(indent=2)` gives the same text, but through a slow path of the standard library (about ten times this); the
bodies of polled runs are most of what the simulator writes.
"""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import ESCAPE
from typing import Any

_compact = json.JSONEncoder(ensure_ascii=False).encode


def pretty(value: Any) -> bytes:
    """The JSON text of a value, indented as the service did.

    >>> pretty({"data": [], "tools": [{"type": "x"}]}).decode()
    '{\\n  "data": [],\\n  "tools": [\\n    {\\n      "type": "x"\\n    }\\n  ]\\n}'
    """
    return _text(value, "\n").encode()


def _text(value: Any, newline: str) -> str:
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if value is None:
        return "null"
    if kind is dict:
        if not value:
            return "{}"
        inner = newline + "  "
        items = ("," + inner).join([f"{_key(key)}: {_text(item, inner)}" for key, item in value.items()])
        return f"{{{inner}{items}{newline}}}"
    if kind is list:
        if not value:
            return "[]"
        inner = newline + "  "
        return "[" + inner + ("," + inner).join([_text(item, inner) for item in value]) + newline + "]"
    if kind is int:
        return str(value)
    if kind is float:
        return float.__repr__(value)  # finite: what is not JSON is not let in
    if kind is bool:
        return "true" if value else "false"
    return _compact(value)


def _quoted(text: str) -> str:
    return f'"{text}"' if ESCAPE.search(text) is None else _compact(text)


_key = lru_cache(maxsize=1024)(_quoted)  # the API's keys are few; those of metadata and schemas come and go
