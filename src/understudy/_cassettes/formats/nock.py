"""nock (Node.js): a JSON list of scopes and paths.

What JSON can hold is data, what was binary is hexadecimal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.content_encoding import encoding_of
from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members
from understudy._cassettes.interaction import READS, Interaction

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def _recognizes(document: Any) -> bool:
    one = first(members(document))
    return "scope" in one and "path" in one


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    if not isinstance(entry["path"], str):
        raise fields.Omitted("it answers any path that matches a pattern, not one request")
    if "response" not in entry:
        raise fields.UnknownBody("the answer has no `response`")
    scope = str(entry["scope"])
    port = _DEFAULT_PORTS.get(scope.partition(":")[0], ":")
    headers = _headers(entry.get("rawHeaders") or entry.get("headers"))
    return fields.interaction(
        number,
        method=entry.get("method") or "GET",
        url=scope.removesuffix(port) + entry["path"],
        request_headers=entry.get("reqheaders"),
        request_body=_sent(entry),
        status=entry.get("status", 200),
        headers=headers,
        body=_answered(entry, headers),
    )


def _headers(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, list):
        return raw or {}
    if raw and isinstance(raw[0], (list, tuple)):
        return fields.grouped((name, value) for name, value in raw)
    return fields.grouped(zip(raw[::2], raw[1::2], strict=True))


def _sent(entry: Any) -> bytes | None:
    """Return the body of a request; None if nock accepts any body."""
    if "body" not in entry and str(entry.get("method")).upper() not in READS:
        return None
    return _body(entry.get("body"), is_binary=False)


def _answered(entry: Any, headers: dict[str, Any]) -> bytes:
    response = entry["response"]
    if isinstance(response, list) and encoding_of(fields.header_pairs(headers)):
        return b"".join(bytes.fromhex(piece) for piece in response)  # compressed: its pieces, as they came
    return _body(response, is_binary=bool(entry.get("responseIsBinary")))


def _body(raw: Any, *, is_binary: bool) -> bytes:
    if raw is None or raw == "":
        return b""
    if not isinstance(raw, str):
        return fields.json_body(raw)
    if is_binary or _was_binary(raw):
        return bytes.fromhex(raw)
    return raw.encode()


def _was_binary(raw: str) -> bool:
    """Return True if a text is bytes that are not UTF-8, in hexadecimal.

    nock says nothing else about a binary request.
    """
    try:
        bytes.fromhex(raw).decode()
    except UnicodeDecodeError:
        return True
    except ValueError:
        return False
    return False


READER = Reader(recorder="nock", recognizes=_recognizes, entries=members, interaction=_interaction)
