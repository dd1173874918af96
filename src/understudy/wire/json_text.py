"""JSON as the service wrote it: two spaces of indentation, non-ASCII characters as they are. [REC]

`json.dumps(indent=2)` gives the same text, but through a slow path of the standard library (about ten times this); the
bodies of polled runs are most of what the simulator writes.
"""

from __future__ import annotations

import json
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
    if value is None:
        return "null"
    kind = type(value)
    if kind is str:
        return f'"{value}"' if ESCAPE.search(value) is None else _compact(value)
    if kind is dict:
        if not value:
            return "{}"
        inner = newline + "  "
        items = ("," + inner).join([f'"{key}": {_text(item, inner)}' for key, item in _safe_items(value)])
        return f"{{{inner}{items}{newline}}}"
    if kind is list:
        if not value:
            return "[]"
        inner = newline + "  "
        return "[" + inner + ("," + inner).join([_text(item, inner) for item in value]) + newline + "]"
    if value is True:
        return "true"
    if value is False:
        return "false"
    return _compact(value)


def _safe_items(value: dict[str, Any]) -> Any:
    for key in value:
        if ESCAPE.search(key) is not None:
            return [(_compact(key)[1:-1], item) for key, item in value.items()]
    return value.items()
