"""vcrpy, pytest-recording, and understudy itself, in YAML or JSON.

Recognised by `interactions` and `version: 1`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, members, part
from understudy._cassettes.interaction import RAISABLE, READS, Interaction

_OF_REQUEST = frozenset({"method", "uri", "url", "headers", "body", "host", "port", "scheme", "protocol", "path", "query"})
_OF_RESPONSE = frozenset(
    {"status", "status_code", "headers", "body", "content", "url", "http_version", "protocol", "protocol_version", "version"}
)
_OF_BODY = frozenset({"string", "base64_string", "base64", "encoding"})
_OF_ENTRY = frozenset({"request", "response", "recorded_at", "understudy"})


def _recognizes(document: Any) -> bool:
    return "interactions" in part(document)


def interaction(number: int, entry: Any, _path: Path) -> Interaction:
    """Read one exchange in vcrpy's format, with what understudy adds to it."""
    request, response = entry["request"], entry["response"]
    code = _code(response)
    body, sent = answer_body(response), fields.as_bytes(request.get("body"))
    headers = request.get("headers")
    _refuse_unknown_bodies(entry, code, body, sent)
    return fields.interaction(
        number,
        method=request["method"],
        url=request["uri"] if "uri" in request else request["url"],
        request_headers=headers,
        request_body=fields.request_body(request["method"], headers, sent),
        status=code,
        headers=response.get("headers"),
        body=body,
        recorded_at=entry.get("recorded_at"),
        **_extra(entry.get("understudy") or {}),
    )


def _code(response: Any) -> Any:
    """Return the status of a response; some forks of vcrpy write a bare number."""
    if "status" not in response:
        return response["status_code"]
    status = response["status"]
    return status["code"] if isinstance(status, dict) else status


def answer_body(response: Any) -> bytes | None:
    """Return the body of a response in vcrpy's format; None if it is lost."""
    if "content" in response:  # what vcrpy before 6 wrote for httpx
        return fields.as_bytes(response["content"])
    return fields.as_bytes(response.get("body"))


def _refuse_unknown_bodies(entry: Any, code: Any, body: bytes | None, sent: bytes | None) -> None:
    request, response = entry["request"], entry["response"]
    if fields.method(request["method"]) not in READS:
        fields.refuse_unknown_body(request, _OF_REQUEST, sent, "request")
        fields.refuse_unknown_body(request.get("body"), _OF_BODY, sent, "request")
    if fields.may_have_body(code):
        fields.refuse_unknown_body(response, _OF_RESPONSE, body, "answer")
        fields.refuse_unknown_body(response.get("body"), _OF_BODY, body, "answer")
        fields.refuse_unknown_body(response.get("content"), _OF_BODY, body, "answer")
        beside = {key: value for key, value in entry.items() if "body" in str(key) or "content" in str(key)}
        fields.refuse_unknown_body(beside, _OF_ENTRY, body, "exchange")


def _extra(extra: Any) -> dict[str, Any]:
    """Read what we add to vcrpy's format."""
    broken, dwell = extra.get("broken"), extra.get("dwell") or {}
    timings = tuple((_seconds(seconds), int(size)) for seconds, size in extra.get("timings") or ())
    if broken is not None and broken["kind"] not in RAISABLE:
        raise ValueError(f"{broken['kind']!r} is not an error that an HTTP client raises")
    return {
        "timings": timings,
        "broken": (fields.text(broken["kind"]), fields.text(broken["message"])) if broken else None,
        "dwell": (_seconds(dwell.get("seconds", 0.0)), int(dwell.get("polls", 1))),
        "test": fields.text(extra["test"]) if extra.get("test") else None,
    }


def _seconds(value: Any) -> float:
    seconds = float(value)
    if not 0 <= seconds < 1e7:
        raise ValueError(f"{value!r} seconds")
    return seconds


def _entries(document: Any) -> list[Any]:
    return members(document, "interactions")


READER = Reader(recorder="vcrpy", recognizes=_recognizes, entries=_entries, interaction=interaction)
