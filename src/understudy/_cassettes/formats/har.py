"""HAR, the HTTP Archive, of Polly.js, browsers and proxies.

Such as mitmproxy, Charles and Fiddler.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, in_order, members, part
from understudy._cassettes.interaction import Interaction


def _recognizes(document: Any) -> bool:
    return isinstance(part(document, "log").get("entries"), list)


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    if not response.get("status"):
        raise fields.Omitted(f"it has no answer{': ' + str(response['_error']) if response.get('_error') else ''}")
    return fields.interaction(
        number,
        method=request["method"],
        url=request["url"],
        request_headers=_headers(request),
        request_body=_sent(request.get("postData")),
        status=response["status"],
        headers=_headers(response),
        body=_answered(response),
        recorded_at=entry.get("startedDateTime"),
    )


def _headers(side: Any) -> dict[str, list[str]]:
    pairs = [(one["name"], one["value"]) for one in side.get("headers") or ()]
    return fields.grouped(pair for pair in pairs if not pair[0].startswith(":"))  # pseudo-headers of HTTP/2


def _sent(posted: Any) -> bytes | None:
    if not posted:
        return b""
    if posted.get("text") is not None:
        if posted.get("encoding") == "base64":
            return base64.b64decode(posted["text"])
        return fields.as_bytes(posted["text"])
    if posted.get("params") and "multipart" not in str(posted.get("mimeType")):
        return fields.form_body(fields.grouped((one["name"], one.get("value", "")) for one in posted["params"]))
    return None if posted.get("mimeType") or posted.get("params") else b""


def _answered(response: Any) -> bytes:
    content = response.get("content") or {}
    text, size = content.get("text"), content.get("size") or 0
    if text is None:
        if size > 0 and fields.may_have_body(response["status"]):
            raise fields.Omitted("the answer's body was not saved with it: export the HAR with contents")
        return b""
    if content.get("encoding") == "base64":
        return _pieces(text) if text.lstrip().startswith("[") else base64.b64decode(text)
    if content.get("_isBinary"):
        return _pieces(text) if text.lstrip().startswith("[") else bytes.fromhex(text)
    return fields.as_bytes(text) or b""


def _pieces(text: str) -> bytes:
    """Return the body that Polly.js stored compressed.

    It is a JSON list of the pieces as they came, each in base64 (older ones in hexadecimal).
    """
    pieces = json.loads(text)
    try:
        return b"".join(bytes.fromhex(piece) for piece in pieces)
    except ValueError:
        return b"".join(base64.b64decode(piece) for piece in pieces)


def _entries(document: Any) -> list[Any]:
    return in_order(members(part(document, "log"), "entries"), "startedDateTime")


READER = Reader(recorder="HAR", recognizes=_recognizes, entries=_entries, interaction=_interaction)
