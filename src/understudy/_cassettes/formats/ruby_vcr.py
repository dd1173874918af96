"""Ruby's VCR, in YAML or JSON; betamax's and R's formats are based on it.

Recognised by `http_interactions` and `recorded_with`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, members, part
from understudy._cassettes.interaction import READS, Interaction

_OF_BODY = frozenset({"encoding", "string", "base64_string", "file"})
_OF_PART = frozenset(
    {"method", "uri", "url", "headers", "body", "status", "http_version", "adapter_metadata", "hook_ignored", "protocol"}
)


def _recognizes(document: Any) -> bool:
    return "http_interactions" in part(document)


def interaction(number: int, entry: Any, _path: Path) -> Interaction:
    """Read one exchange of this family."""
    request, response = entry["request"], entry["response"]
    code = response["status"]["code"]
    is_read = fields.method(request["method"]) in READS
    sent, body = fields.as_bytes(request.get("body")), fields.as_bytes(response.get("body"))
    if not is_read:
        fields.refuse_unknown_body(request, _OF_PART, sent, "request")
        fields.refuse_unknown_body(request.get("body"), _OF_BODY, sent, "request")
    if fields.may_have_body(code):
        fields.refuse_unknown_body(response, _OF_PART, body, "answer")
        fields.refuse_unknown_body(response.get("body"), _OF_BODY, body, "answer")
    return fields.interaction(
        number,
        method=request["method"],
        url=request["uri"],
        request_headers=request.get("headers"),
        request_body=fields.request_body(request["method"], request.get("headers"), sent)
        if "body" in request or is_read
        else None,
        status=code,
        headers=response.get("headers"),
        body=body,
        recorded_at=entry.get("recorded_at"),
    )


def entries(document: Any) -> list[Any]:
    """Return the exchanges of a document of this family."""
    return members(document, "http_interactions")


READER = Reader(recorder="Ruby VCR", recognizes=_recognizes, entries=entries, interaction=interaction)
