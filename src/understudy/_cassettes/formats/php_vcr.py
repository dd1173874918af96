"""php-vcr: a list in YAML or JSON; the status is a number or a mapping."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.interaction import Interaction, header


def _recognizes(document: Any) -> bool:
    one = first(members(document))
    return "url" in part(one, "request") and "status" in part(one, "response")


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    status = response["status"]
    return fields.interaction(
        number,
        method=request["method"],
        url=request["url"],
        request_headers=request.get("headers"),
        request_body=_sent(request),
        status=status["code"] if isinstance(status, dict) else status,
        headers=response.get("headers"),
        body=_answered(response),
    )


def _sent(request: Any) -> bytes | None:
    if request.get("post_files"):
        return None  # only the names of the files are recorded
    if request.get("body") is None and request.get("post_fields"):
        return fields.form_body(request["post_fields"])
    return fields.as_bytes(request.get("body")) or b""


def _answered(response: Any) -> bytes:
    body = fields.as_bytes(response.get("body")) or b""  # an empty one is left out
    headers = fields.header_pairs(response.get("headers"))
    packed = (header(headers, "content-type") or "").startswith("application/x-gzip")
    if packed or header(headers, "content-transfer-encoding") == "binary":
        return base64.b64decode(body)
    return body


READER = Reader(recorder="php-vcr", recognizes=_recognizes, entries=members, interaction=_interaction)
