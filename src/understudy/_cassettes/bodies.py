"""What a request body means, as a value that can be compared and looked up.

JSON is compared by value: neither the order of keys nor the way a number is written counts. Multipart is compared by its
parts: name, file name and content, without the boundary, which every request draws anew. Anything else is compared by bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

# A run, or a response, may be asked for plain or streamed; the recording answers either way, so this field is not part of
# what is asked.
_HOW_NOT_WHAT = "stream"
_RUN_WRITES = re.compile(r"/runs$|/submit_tool_outputs$|^/responses$")

_DISPOSITION = re.compile(rb'\b(filename|name)\*?=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))')


def meaning(path: str, body: bytes, ignore: Sequence[tuple[str, ...]] = ()) -> str | bytes:
    """Return the value that two bodies share if they mean the same.

    Args:
        path: the API path the body was sent to.
        body: the bytes sent.
        ignore: paths into JSON (`("metadata", "request_id")`) or names of parts that do not count.
    """
    if not body:
        return b""
    if body[:1] in b'{["':
        value = _json(body)
        if value is not None:
            return json_meaning(path, value, ignore)
    if body[:2] == b"--":
        parts = _parts(body)
        if parts:
            return repr(sorted(part for part in parts if (part[0],) not in ignore))
    return body


def json_meaning(path: str, value: Any, ignore: Sequence[tuple[str, ...]] = ()) -> str:
    """Return the value that two JSON bodies share if they mean the same.

    `value` is parsed already, and is changed. The other arguments are those of `meaning`.
    """
    if isinstance(value, dict) and _RUN_WRITES.search(path):
        value.pop(_HOW_NOT_WHAT, None)
    for way in ignore:
        _remove(value, way)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def wants_stream(body: Any) -> bool:
    """Return True if a parsed request body asks for a stream."""
    return isinstance(body, dict) and body.get(_HOW_NOT_WHAT) is True


def ignored_paths(ignore: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return paths such as `"metadata.request_id"` as the keys to follow.

    `*` matches every member of an object or a list.
    """
    return tuple(tuple(path.split(".")) for path in ignore)


def _number(text: str) -> Any:
    value = float(text)
    return int(value) if value.is_integer() else value  # 1.0 and 1 are one value


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=_number)
    except (ValueError, RecursionError, OverflowError):
        return None


def _remove(value: Any, way: tuple[str, ...]) -> None:
    key, rest = way[0], way[1:]
    if key == "*":
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for member in list(members):
            _remove(member, rest) if rest else None
        if not rest and isinstance(value, (dict, list)):
            value.clear()
    elif isinstance(value, dict):
        if rest and key in value:
            _remove(value[key], rest)
        elif not rest:
            value.pop(key, None)
    elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
        if rest:
            _remove(value[int(key)], rest)
        else:
            value[int(key)] = None


def _parts(body: bytes) -> list[tuple[str, str, bytes]]:
    """Return the (name, file name, content) of each part of a multipart body.

    Empty for any other body.
    """
    # A recorder may have written the body as text with plain line ends: they count no more than the boundary does.
    body = body.replace(b"\r\n", b"\n")
    boundary, _, rest = body.partition(b"\n")
    parts = []
    for raw in (b"\n" + rest).split(b"\n" + boundary)[:-1]:
        head, blank, content = raw.lstrip(b"\n").partition(b"\n\n")
        if blank:
            parts.append((*_names(head), content))
    return parts


def _names(head: bytes) -> tuple[str, str]:
    for line in head.split(b"\n"):
        if line.lower().startswith(b"content-disposition:"):
            found = {match[1]: match[2] or match[3] for match in _DISPOSITION.finditer(line)}
            return _decoded(found.get(b"name")), _decoded(found.get(b"filename"))
    return "", ""


def _decoded(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
