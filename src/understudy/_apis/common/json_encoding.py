"""JSON as the service writes it: indented by two, non-ASCII unescaped [REC].

`json.dumps(indent=2)` gives the same text, but uses a slow path of the standard library (about ten
times slower), and the simulator spends most of its time encoding the bodies of polled runs.
"""

from __future__ import annotations

import json
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

_compact = json.JSONEncoder(ensure_ascii=False).encode


class Constant(dict[str, Any]):
    """A JSON object that never changes.

    Its text is encoded once for each level of indentation.
    """

    __slots__ = ("_texts",)

    def __init__(self, value: dict[str, Any]) -> None:
        super().__init__(value)
        self._texts: dict[str, str] = {}

    def text(self, newline: str) -> str:
        """Return its text, in which each line begins with `newline`."""
        text = self._texts.get(newline)
        if text is None:
            text = self._texts[newline] = _object(self, newline)
        return text


def pretty(value: Any) -> bytes:
    """Return the JSON text of a value, indented as the service did.

    >>> pretty({"data": [], "tools": [{"type": "x"}]}).decode()
    '{\\n  "data": [],\\n  "tools": [\\n    {\\n      "type": "x"\\n    }\\n  ]\\n}'
    """
    return _text(value, "\n").encode()


def _text(value: Any, newline: str) -> str:
    kind = type(value)
    if kind is dict:
        return _object(value, newline)
    if kind is list:
        return _array(value, newline)
    if kind is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    if kind is int:
        return int.__repr__(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is float:
        return float.__repr__(value)  # finite: requests with NaN or infinity are refused
    if kind is Constant:
        return value.text(newline)  # type: ignore[no-any-return]
    return _compact(value)


def _array(value: list[Any], newline: str) -> str:
    if not value:
        return "[]"
    inner = newline + "  "
    return "[" + inner + ("," + inner).join([_text(item, inner) for item in value]) + newline + "]"


def _object(value: dict[str, Any], newline: str) -> str:
    """Encode an object.

    The values of most types are encoded inline, without another call: this is the hot path.
    """
    if not value:
        return "{}"
    inner = newline + "  "
    lines = []
    for key, item in value.items():
        kind = type(item)
        if kind is str:
            text = encode_basestring(item)
        elif item is None:
            text = "null"
        elif kind is int or kind is float:
            text = repr(item)
        elif kind is bool:
            text = "true" if item else "false"
        elif kind is dict:
            text = _object(item, inner) if item else "{}"
        elif kind is list and not item:
            text = "[]"
        else:
            text = _text(item, inner)
        lines.append(_key(key) + text)
    return "{" + inner + ("," + inner).join(lines) + newline + "}"


@lru_cache(maxsize=1024)  # the API's keys are few; those of metadata and schemas come and go
def _key(key: str) -> str:
    return encode_basestring(key) + ": "
