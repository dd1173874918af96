"""cassetter, in YAML or TOML: bodies say their type.

Sorted by method and URL; the order of recording is in the times.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, in_order, members, part
from understudy._cassettes.interaction import Interaction

_SIDES = ("request", "response")


def _recognizes(document: Any) -> bool:
    sides = [part(entry, side) for entry in members(document, "interactions") for side in _SIDES]
    typed = any("type" in part(side, "body") or "body_type" in side for side in sides)
    return typed and not isinstance(part(document).get("version"), str)  # as ReqCassette's is


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    return fields.interaction(
        number,
        method=request["method"],
        url=request["uri"],
        request_headers=request.get("headers"),
        request_body=_body(request),
        status=response["status"],
        headers=response.get("headers"),
        body=_body(response),
        recorded_at=entry.get("recorded_at"),
    )


def _body(side: Any) -> bytes:
    if "body_type" in side:  # TOML, which has no null: JSON is text there
        kind, content, is_text = side["body_type"], side.get("body_content"), True
    else:
        kind, content, is_text = side["body"]["type"], side["body"].get("content"), False
    if kind == "none":
        return b""
    if kind == "json" and not is_text:
        return fields.json_body(content)
    if content is None or not isinstance(content, (str, bytes)):
        raise TypeError(f"expected a body of type {kind!r}, got {type(content).__name__}")
    if kind in ("json", "text"):
        return fields.as_bytes(content) or b""
    if kind == "binary":
        return bytes.fromhex(fields.text(content))
    if kind == "base64":
        return base64.b64decode(content)
    raise fields.UnknownBody(f"a body is of type {kind!r}, which understudy does not know")


def _entries(document: Any) -> list[Any]:
    return in_order(members(document, "interactions"), "recorded_at")


READER = Reader(recorder="cassetter", recognizes=_recognizes, entries=_entries, interaction=_interaction)
