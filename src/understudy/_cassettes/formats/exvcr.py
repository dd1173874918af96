"""ExVCR (Elixir): a JSON list; binary bodies are Erlang terms in base64."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.interaction import Interaction

_TERM = b"\x83m"  # Erlang's external form of a binary: this, its length in four bytes, its bytes
_HEAD = len(_TERM) + 4


def _recognizes(document: Any) -> bool:
    one = first(members(document))
    request, response = part(one, "request"), part(one, "response")
    of_elixir = "options" in request or response.get("type") in ("ok", "error")
    return "url" in request and ("status_code" in response or of_elixir)


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    if response.get("type") == "error":
        raise fields.Omitted("the request failed, and no answer was recorded")
    if str(request["url"]).startswith("~r/"):
        raise fields.Omitted(f"it answers any URL that matches {request['url']}, not one request")
    body = response["body"]
    return fields.interaction(
        number,
        method=request.get("method") or "GET",
        url=request["url"],
        request_headers=request.get("headers"),
        request_body=fields.as_bytes(request.get("body") or request.get("request_body")) or b"",
        status=response["status_code"],
        headers=response.get("headers"),
        body=_binary(body) if response.get("binary") else fields.as_bytes(body) or b"",
    )


def _binary(body: str) -> bytes:
    term = base64.b64decode(body)
    if not term.startswith(_TERM) or int.from_bytes(term[len(_TERM) : _HEAD], "big") != len(term) - _HEAD:
        raise fields.UnknownBody("its binary body is not an Erlang binary")
    return term[_HEAD:]


READER = Reader(recorder="ExVCR", recognizes=_recognizes, entries=members, interaction=_interaction)
