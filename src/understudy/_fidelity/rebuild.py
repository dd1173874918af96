"""Request bodies that a recorder lost, rebuilt from the answers."""

from __future__ import annotations

import base64
import json

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction

_BOUNDARY = "understudy"


def body_of(exchange: Interaction) -> bytes:
    """Return the body to send: as recorded, or as the answer shows a lost one."""
    content_type = next((value for name, value in exchange.request_headers if name.lower() == "content-type"), "")
    if exchange.request_body is not None and not _is_encoded_form(exchange.request_body, content_type):
        return _with_settings(exchange)
    answer = exchange.json if isinstance(exchange.json, dict) else {}
    if "multipart" in content_type:
        return _multipart(answer, content_type)
    operation = faces.ALL.find(exchange.method, exchange.path).operation
    known = operation.body.known if operation is not None and operation.body is not None else {}
    shown = {key: answer[key] for key in known if answer.get(key) not in (None, [], {})}
    return json.dumps(shown).encode() if exchange.method == "POST" else b""


def _is_encoded_form(body: bytes, content_type: str) -> bool:
    """Return True if a recorder wrote a form as base64, whole or its beginning."""
    if "multipart" not in content_type or body.startswith(b"--"):
        return False
    try:
        return base64.b64decode(body[:16], validate=True).startswith(b"--")
    except ValueError:
        return False


def _with_settings(exchange: Interaction) -> bytes:
    """Return the body, with the effect of the project's own settings.

    A project that keeps no data stores no response, unasked.

    What runs in the background is kept for some minutes all the same, so there it cannot be asked for.
    """
    body, answer = exchange.request_json, _answered(exchange)
    recorded = exchange.request_body or b""
    if not isinstance(body, dict) or "store" in body or body.get("background") or answer.get("store") is not False:
        return recorded
    return json.dumps({**body, "store": False}).encode()


def _answered(exchange: Interaction) -> dict[str, object]:
    """Return the response that an answer shows; {} if it shows none."""
    shown = [data.get("response") for _, data in exchange.events[:1] if isinstance(data, dict)] or [exchange.json]
    value = shown[0]
    return value if isinstance(value, dict) and value.get("object") == "response" else {}


def _multipart(answer: dict[str, object], content_type: str) -> bytes:
    boundary = content_type.partition("boundary=")[2].strip('"') or _BOUNDARY
    fields = [f'name="purpose"\r\n\r\n{answer["purpose"]}'] if "purpose" in answer else []
    name, filename = ("file", answer["filename"]) if "filename" in answer else ("data", "part")
    fields.append(f'name="{name}"; filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\nrebuilt')
    parts = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {field}\r\n" for field in fields)
    return f"{parts}--{boundary}--\r\n".encode()
