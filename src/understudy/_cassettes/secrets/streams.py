"""Secrets that a stream holds in pieces.

The deltas of an answer are joined, and searched as the text that they make.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from understudy._cassettes.secrets.spans import SecretSpan, distinct

FindSpans = Callable[[str], Iterable[SecretSpan]]

# The data of one event, which may be on several lines; its text is the JSON with `data:` before each line but the first.
_DATA = re.compile(r"^data:[ ]?(\{[^\r\n]*(?:\r?\ndata:[^\r\n]*)*)\r?$", re.MULTILINE)
_NEXT_LINE = re.compile(r"\r?\ndata:[ ]?")
_NO_PIECE = frozenset({"id", "object", "type", "role", "status", "model", "name", "event", "finish_reason"})
_NUMBERED = ("index", "output_index", "content_index", "summary_index", "item_id", "id")
_STYLES: tuple[dict[str, Any], ...] = tuple(
    {"ensure_ascii": ascii_only, "separators": separators}
    for ascii_only in (True, False)
    for separators in ((", ", ": "), (",", ":"))
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A text in an event of a stream.

    Attributes:
        line: which event, by the place of its data in the stream.
        way: the keys that lead to it.
    """

    line: int
    way: tuple[str | int, ...]
    text: str


def joined(stream: str) -> Iterator[str]:
    """Yield the texts that the deltas of a stream make."""
    for pieces in _groups(_events(stream)):
        yield "".join(piece.text for piece in pieces)


def without_split(stream: str, find: FindSpans) -> str:
    """Return the stream without the secrets that `find` finds in its joined deltas.

    The replacement of a secret is where the secret began. Events that hold no piece of one stay as they are.
    """
    events = _events(stream)
    changed: dict[int, Any] = {}
    for pieces in _groups(events):
        spans = distinct(find("".join(piece.text for piece in pieces)))
        for piece, text in _cut(pieces, spans):
            changed.setdefault(piece.line, events[piece.line])
            _put(changed[piece.line], piece.way, text)
    if not changed:
        return stream
    return _DATA.sub(lambda match: _rewritten(match, changed), stream)


def _events(stream: str) -> dict[int, Any]:
    """Return the deltas of a stream, by the place of their data."""
    found = {}
    for match in _DATA.finditer(stream):
        if "delta" in match[1] or '"choices"' in match[1]:
            try:
                found[match.start(1)] = json.loads(_NEXT_LINE.sub("\n", match[1]))
            except (ValueError, RecursionError):
                continue  # not JSON: searched as plain text, like all of the stream
    return found


def _groups(events: dict[int, Any]) -> list[list[Piece]]:
    """Return the pieces of each text that arrives in more than one."""
    groups = defaultdict[tuple[Any, ...], list[Piece]](list)
    for line, event in events.items():
        for where, way, text in _texts(event, (), ()):
            groups[where].append(Piece(line, way, text))
    return [pieces for pieces in groups.values() if len(pieces) > 1]


def _texts(value: Any, where: tuple[Any, ...], way: tuple[str | int, ...]) -> Iterator[tuple[Any, Any, str]]:
    """Yield every text in a value.

    As (what it is part of, the keys that lead to it, the text).
    """
    if isinstance(value, dict):
        here = tuple(value[key] for key in _NUMBERED if isinstance(value.get(key), (int, str)))
        for key, member in value.items():
            if key not in _NO_PIECE and not key.endswith("_id"):
                yield from _texts(member, (*where, *here, key), (*way, key))
    elif isinstance(value, list):
        for number, member in enumerate(value):
            place = () if isinstance(member, dict) and "index" in member else (number,)
            yield from _texts(member, (*where, *place), (*way, number))
    elif isinstance(value, str):
        yield where, way, value


def _cut(pieces: list[Piece], spans: list[SecretSpan]) -> Iterator[tuple[Piece, str]]:
    """Yield the pieces that spans of the joined text touch, each with its new text."""
    at = 0
    for piece in pieces:
        text, end = piece.text, at + len(piece.text)
        touched = [span for span in spans if span.start < end and span.end > at]
        for span in reversed(touched):
            begins = span.start >= at
            head = text[: span.start - at] if begins else ""
            text = head + (span.instead if begins else "") + text[min(span.end, end) - at :]
        if touched:
            yield piece, text
        at = end


def _put(event: Any, way: tuple[str | int, ...], text: str) -> None:
    for key in way[:-1]:
        event = event[key]
    event[way[-1]] = text


def _rewritten(match: re.Match[str], changed: dict[int, Any]) -> str:
    event = changed.get(match.start(1))
    if event is None:
        return match[0]
    before = json.loads(_NEXT_LINE.sub("\n", match[1]))
    style = next((style for style in _STYLES if json.dumps(before, **style) == match[1]), _STYLES[-1])
    return match[0].replace(match[1], json.dumps(event, **style))
