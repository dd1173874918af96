"""Request bodies that a recorder lost, rebuilt from what the answers prove was asked for."""

from __future__ import annotations

import json

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction

_BOUNDARY = "understudy"


def body_of(exchange: Interaction) -> bytes:
    """The body to send: as recorded, or what the answer shows of a lost one."""
    if exchange.request_body is not None:
        return exchange.request_body
    answer = exchange.json if isinstance(exchange.json, dict) else {}
    content_type = next((value for name, value in exchange.request_headers if name.lower() == "content-type"), "")
    if "multipart" in content_type:
        return _multipart(answer, content_type)
    operation = faces.ALL.find(exchange.method, exchange.path).operation
    known = operation.body.known if operation is not None and operation.body is not None else {}
    shown = {key: answer[key] for key in known if answer.get(key) not in (None, [], {})}
    return json.dumps(shown).encode() if exchange.method == "POST" else b""


def _multipart(answer: dict[str, object], content_type: str) -> bytes:
    boundary = content_type.partition("boundary=")[2].strip('"') or _BOUNDARY
    fields = [f'name="purpose"\r\n\r\n{answer["purpose"]}'] if "purpose" in answer else []
    name, filename = ("file", answer["filename"]) if "filename" in answer else ("data", "part")
    fields.append(f'name="{name}"; filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\nrebuilt')
    parts = "".join(f"--{boundary}\r\nContent-Disposition: form-data; {field}\r\n" for field in fields)
    return f"{parts}--{boundary}--\r\n".encode()
