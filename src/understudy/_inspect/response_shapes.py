"""What every answer of the Responses API satisfies, whatever its date.

Streams are in order, objects have the keys that identify them. The published document accepts none
of the recorded answers, so it is not used here; what is checked is what all recordings share. [REC]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.common.routing import api_path
from understudy._cassettes import Interaction
from understudy._inspect.schema_check import Json, Violation

Path = tuple[str | int, ...]

STATUSES = ("queued", "in_progress", "completed", "incomplete", "failed", "cancelled")
_LAST = ("response.completed", "response.incomplete", "response.failed", "error")
_BEGINNINGS = ("response.", "keepalive")
# By the end of an event's name: the keys that its data has, and their types.
_WITH_RESPONSE: dict[str, type] = {"response": dict}
_KEYS: tuple[tuple[str, dict[str, type]], ...] = (
    ("output_item.added", {"item": dict, "output_index": int}),
    ("output_item.done", {"item": dict, "output_index": int}),
    (".delta", {"delta": str, "item_id": str, "output_index": int}),
    ("output_text.done", {"text": str, "item_id": str}),
    ("arguments.done", {"arguments": str, "item_id": str}),
    *((f"response.{name}", _WITH_RESPONSE) for name in ("created", "queued", "in_progress")),
    *((name, _WITH_RESPONSE) for name in _LAST[:3]),
)


def is_of_responses(interaction: Interaction) -> bool:
    """Return True for an exchange of the Responses API, conversations included."""
    return api_path(interaction.path).strip("/").partition("/")[0] in ("responses", "conversations")


def violations(interaction: Interaction) -> Iterator[Violation]:
    """Yield where a successful answer cannot belong to this API."""
    if interaction.is_stream:
        yield from _StreamCheck(interaction).violations()
    elif interaction.json is None:
        yield Violation((), "is not JSON", is_type=True)
    else:
        yield from _of_object(interaction.json, ())


def _of_object(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation(path, "is not an object", is_type=True)
        return
    kind = value.get("object")
    if kind == "response":
        yield from _of_response(value, path)
    elif kind == "list":
        yield from _wrong_types(value, {"data": list}, path)
        for number, item in _listed(value, "data"):
            yield from _of_item(item, (*path, "data", number))
    elif kind in ("conversation", "response.deleted", "conversation.deleted", "conversation.item.deleted"):
        yield from _wrong_types(value, {"id": str}, path)
    elif kind is None:
        yield from _of_item(value, path)


def _of_response(value: Json, path: Path) -> Iterator[Violation]:
    wanted = {"id": str, "created_at": int, "status": str, "output": list, "model": str}
    yield from _wrong_types(value, {key: kind for key, kind in wanted.items() if key in value or key == "id"}, path)
    if isinstance(value.get("status"), str) and value["status"] not in STATUSES:
        yield Violation((*path, "status"), f"is {value['status']!r}, expected one of {', '.join(STATUSES)}")
    for number, item in _listed(value, "output"):
        yield from _of_item(item, (*path, "output", number))


def _listed(value: Json, key: str) -> Iterator[tuple[int, Any]]:
    items = value.get(key)
    return iter(enumerate(items if isinstance(items, list) else ()))


def _of_item(value: Any, path: Path) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation(path, "is not an object", is_type=True)
        return
    yield from _wrong_types(value, {"type": str}, path)
    if value.get("type") == "message":
        yield from _wrong_types(value, {"id": str, "role": str, "content": list}, path)
    elif value.get("type") == "function_call":
        yield from _wrong_types(value, {"call_id": str, "name": str, "arguments": str}, path)


def _wrong_types(value: Json, wanted: dict[str, type], path: Path) -> Iterator[Violation]:
    for key, kind in wanted.items():
        if key not in value:
            yield Violation(path, f"lacks {key!r}", missing=key)
        elif not isinstance(value[key], (int, float) if kind is int else kind):
            yield Violation((*path, key), f"is {type(value[key]).__name__}, expected {kind.__name__}", is_type=True)


class _StreamCheck:
    """The events of one stream, in order."""

    def __init__(self, interaction: Interaction) -> None:
        self._events = interaction.events
        self._is_resumed = interaction.is_read
        self._is_cut = interaction.broken is not None
        self._texts: dict[tuple[Any, Any], str] = {}
        self._open: set[Any] = set()
        self._number: int | None = None

    def violations(self) -> Iterator[Violation]:
        """Check each event by itself, and after those before it."""
        for place, (name, data) in enumerate(self._events):
            path: Path = (f"event {place} {name}",)
            if place == 0 and not self._is_resumed and name not in ("response.created", "error"):
                yield Violation(path, "is the first event, expected 'response.created'")
            if place and self._events[place - 1][0] in _LAST:
                yield Violation(path, f"comes after {self._events[place - 1][0]!r}, which is the last event of a stream")
            yield from self._of_event(name, data, path)
        has_output = any(name == "response.output_item.added" for name, _ in self._events)
        if has_output and not self._is_cut and self._events[-1][0] not in _LAST:
            path = (f"event {len(self._events) - 1} {self._events[-1][0]}",)
            yield Violation(path, f"is the last event, expected one of {', '.join(_LAST)}")

    def _of_event(self, name: str, data: Any, path: Path) -> Iterator[Violation]:
        if not name.startswith(_BEGINNINGS) and name != "error":
            yield Violation((path[0],), f"is {name!r}, which is not an event of a response", is_type=True)
            return
        if not isinstance(data, dict):
            yield Violation(path, "has data that is not a JSON object", is_type=True)
            return
        if data.get("type") != name:
            yield Violation((*path, "type"), f"is {data.get('type')!r}, but the event is called {name!r}")
        yield from self._number_of(data, path)
        keys = next((keys for end, keys in _KEYS if name.endswith(end)), {})
        yield from _wrong_types(data, keys, path)
        if isinstance(data.get("response"), dict):
            yield from _of_response(data["response"], (*path, "response"))
        if isinstance(data.get("item"), dict):
            yield from _of_item(data["item"], (*path, "item"))
        yield from self._of_place(name, data, path)

    def _number_of(self, data: Json, path: Path) -> Iterator[Violation]:
        number = data.get("sequence_number")
        if isinstance(number, int):
            if self._number is not None and number != self._number + 1:
                yield Violation((*path, "sequence_number"), f"is {number}, expected {self._number + 1}")
            self._number = number

    def _of_place(self, name: str, data: Json, path: Path) -> Iterator[Violation]:
        """Check that an event continues an item that has begun.

        And that a whole text is made of its pieces.
        """
        index = data.get("output_index")
        if name == "response.output_item.added":
            self._open.add(index)
        elif index is not None and index not in self._open and not self._is_resumed:
            yield Violation((*path, "output_index"), f"is {index}, but no such item has begun")
        key = (index, data.get("content_index"))
        if name == "response.output_text.delta":
            self._texts[key] = self._texts.get(key, "") + str(data.get("delta"))
        elif name == "response.output_text.done" and not self._is_resumed and data.get("text") != self._texts.get(key, ""):
            yield Violation((*path, "text"), "is not the text that the pieces before it make")
        elif name == "response.output_item.done":
            self._open.discard(index)
