"""Azure SDKs' test proxy, and the session records of OpenAI's .NET library.

Recognised by `Entries` and `Variables`.

JSON bodies are data; other texts are one text or a list of lines; all else is base64. [Azure/azure-sdk-tools]
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.interaction import READS, Interaction, header

_TEXT = re.compile(
    r"\s*(?:text/|[^;]*\b(?:json|xml|javascript)\b|application/x-www-form-urlencoded)|.*charset=utf-8", re.IGNORECASE
)


def _recognizes(document: Any) -> bool:
    entries = members(document, "Entries")
    return "RequestUri" in first(entries) or ("Variables" in part(document) and "Entries" in part(document))


def _interaction(number: int, entry: Any, _path: Path) -> Interaction:
    method, sent = entry["RequestMethod"], entry["RequestBody"]
    headers, answer_headers = entry.get("RequestHeaders"), entry.get("ResponseHeaders")
    request_body = None if sent is None else _body(sent, headers)
    return fields.interaction(
        number,
        method=method,
        url=entry["RequestUri"],
        request_headers=headers,
        request_body=b"" if request_body is None and method in READS else fields.request_body(method, headers, request_body),
        status=entry["StatusCode"],
        headers=answer_headers,
        body=b"" if entry["ResponseBody"] is None else _body(entry["ResponseBody"], answer_headers),
    )


def _body(raw: Any, headers: Any) -> bytes:
    is_text = _TEXT.match(header(fields.header_pairs(headers), "content-type") or "") is not None
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        return "".join(raw).encode()
    if isinstance(raw, str):
        return raw.encode() if is_text or not _is_base64(raw) else base64.b64decode(raw)
    return fields.json_body(raw)


def _is_base64(raw: str) -> bool:
    try:
        return base64.b64encode(base64.b64decode(raw, validate=True)).decode() == raw
    except ValueError:
        return False


def _entries(document: Any) -> list[Any]:
    return members(document, "Entries")


READER = Reader(recorder="Azure's test proxy", recognizes=_recognizes, entries=_entries, interaction=_interaction)
