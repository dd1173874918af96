"""WireMock's recorded stubs.

One mapping, or `mappings` as the admin API exports them. They do not name the host.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from understudy._cassettes.formats import fields
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.interaction import Interaction

HOST = "https://api.openai.com"  # assumed: a stub does not name it
_PATHS = ("url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate")
_LAST = 1 << 62


def _is_stub(entry: Any) -> bool:
    request = part(entry, "request")
    return "response" in part(entry) and any(key in request for key in _PATHS)


def _recognizes(document: Any) -> bool:
    return _is_stub(document) or _is_stub(first(members(document, "mappings")))


def _entries(document: Any) -> list[Any]:
    stubs = [document] if _is_stub(document) else members(document, "mappings")
    return sorted(stubs, key=lambda stub: part(stub).get("insertionIndex", _LAST))


def _interaction(number: int, entry: Any, path: Path) -> Interaction:
    request, response = entry["request"], entry["response"]
    if response.get("fault") or response.get("proxyBaseUrl"):
        raise fields.Omitted("it has a fault or a proxy instead of an answer")
    address = request.get("url") or request.get("urlPath")
    if address is None:
        raise fields.Omitted("it answers any URL that matches a pattern, not one request")
    return fields.interaction(
        number,
        method=_verb(request.get("method", "ANY")),
        url=HOST + str(address) + _query(request),
        request_headers=_equal(part(request, "headers")),
        request_body=_sent(request),
        status=response.get("status", 200),
        headers=response.get("headers"),
        body=_answered(response, path),
    )


def _verb(name: str) -> str:
    if name == "ANY":
        raise fields.Omitted("it answers any method, not one request")
    return name


def _query(request: Any) -> str:
    wanted = part(request, "queryParameters")
    if any("equalTo" not in part(value) for value in wanted.values()):
        raise fields.Omitted("it answers any query that matches a pattern, not one request")
    return "?" + urlencode(_equal(wanted)) if wanted else ""


def _equal(wanted: Any) -> dict[str, Any]:
    return {name: value["equalTo"] for name, value in wanted.items() if "equalTo" in part(value)}


def _sent(request: Any) -> bytes | None:
    for pattern in request.get("bodyPatterns") or ():
        if "equalToJson" in pattern:
            wanted = pattern["equalToJson"]
            return fields.json_body(json.loads(wanted) if isinstance(wanted, str) else wanted)
        if "equalTo" in pattern:
            return str(pattern["equalTo"]).encode()
        if "binaryEqualTo" in pattern:
            return base64.b64decode(pattern["binaryEqualTo"])
    return b"" if request.get("method") in ("GET", "HEAD", "DELETE") else None  # it matches any


def _answered(response: Any, path: Path) -> bytes:
    if "jsonBody" in response:
        return fields.json_body(response["jsonBody"])
    if "base64Body" in response:
        return base64.b64decode(response["base64Body"])
    if "bodyFileName" in response:
        return _from_file(path, str(response["bodyFileName"]))
    body = fields.as_bytes(response.get("body")) or b""
    known = {"status", "statusMessage", "headers", "body", "transformers", "transformerParameters", "fromConfiguredStub"}
    fields.refuse_unknown_body(response, known, body, "answer")
    return body


def _from_file(path: Path, name: str) -> bytes:
    """Return a body that is in the folder `__files`, beside the folder `mappings`."""
    folder = (path.resolve().parent.parent / "__files").resolve()
    file = (folder / name).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise fields.Omitted(f"the answer's body is in another file, {name!r}, which is not in {folder}")
    return file.read_bytes()


READER = Reader(recorder="WireMock", recognizes=_recognizes, entries=_entries, interaction=_interaction)
