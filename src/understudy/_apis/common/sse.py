"""Server-sent events as the service writes them.

`event: NAME`, `data: {compact JSON}`, a blank line [REC]. No `id:`, `retry:` or comment lines were ever recorded.
A stream ends with `event: done`, `data: [DONE]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

CONTENT_TYPE = "text/event-stream; charset=utf-8"
_BLANK = re.compile(rb"(?:\r?\n){2,}")
DONE = b"event: done\ndata: [DONE]\n\n"


def render(event: str, data: Any) -> bytes:
    """Return an event; `data` becomes compact JSON, non-ASCII unescaped.

    As recorded.
    """
    return f"event: {event}\ndata: {_compact(data)}\n\n".encode()


def is_of_events(headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether headers announce a stream of events."""
    return any(name.lower() == "content-type" and value.startswith("text/event-stream") for name, value in headers)


def name_of(event: bytes) -> str:
    """Return the name of one rendered event."""
    return event[7 : event.index(b"\n")].decode()


def split(body: bytes) -> Iterator[bytes]:
    """Yield the raw pieces of a recorded stream, each with its blank line.

    Joined, they are the body, byte for byte. Servers other than OpenAI's end lines with CRLF, or send comments in
    between: a piece is not always an event.
    """
    start = 0
    for blank in _BLANK.finditer(body):
        yield body[start : blank.end()]
        start = blank.end()
    if start < len(body):
        yield body[start:]


def is_event(piece: bytes) -> bool:
    """Return whether a piece of a stream contains an event, as in `parse`."""
    return any(line.startswith(b"data:") for line in piece.splitlines())


def parse(body: bytes) -> list[tuple[str, Any]]:
    """Return the events of a stream as pairs of name and data.

    Data that is not JSON (`[DONE]`) stays a string. An event without a name has an empty one. A last event that was cut
    off before its data is omitted.
    """
    events = []
    for raw in split(body.replace(b"\r\n", b"\n")):
        name, data = "", []
        for line in raw.decode("utf-8", "replace").split("\n"):
            if line.startswith("event:"):
                name = line[6:].strip()
            elif line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
        if data:
            events.append((name, _value("\n".join(data))))
    return events


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
