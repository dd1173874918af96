"""go-vcr, versions 1 to 4.

Recognised by `interactions` whose responses have `code`, and by `version: 1` or 2 without being
vcrpy's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.interaction import Interaction


def _recognizes(document: Any) -> bool:
    interactions = members(document, "interactions")
    one = first(interactions)
    if not interactions:
        return "interactions" in part(document) and part(document).get("version") == 2
    return "code" in part(one, "response") or ("url" in part(one, "request") and "form" in part(one, "request"))


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    sent = fields.as_bytes(request["body"]) or b""
    if not sent and request.get("form"):
        sent = fields.form_body(request["form"])
    return fields.interaction(
        number,
        method=request["method"] or "GET",  # Go's zero value
        url=request["url"],
        request_headers=request.get("headers"),
        request_body=sent,
        status=response["code"],
        headers=response.get("headers"),
        body=fields.as_bytes(response["body"]) or b"",
    )


def _entries(document: Any) -> list[Any]:
    return members(document, "interactions")


READER = Reader(recorder="go-vcr", recognizes=_recognizes, entries=_entries, interaction=_interaction)
