"""Streams of responses that were not recorded as such.

They are cut out of a recorded stream, or made from a recorded response.

A response has its events numbered, so that a stream can be resumed after any of them. What a whole response shows is
enough for a stream of it, but for how its texts fell into pieces: each comes in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.common import sse
from understudy._apis.common.routing import api_path
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.recording import JsonObject, Recording
from understudy._cassettes.resources import object_path, responses_in, segments
from understudy._common.messages import Request, Response

Event = tuple[str, JsonObject]

_ENDS = ("completed", "incomplete", "failed")


def asks_for_events(request: Request) -> bool:
    """Return True if a request is for the events of an existing response."""
    parts = segments(api_path(request.path))
    return request.method == "GET" and parts[:1] == ["responses"] and len(parts) == 2 and ("stream", "true") in request.query


def starting_after(request: Request) -> int:
    """Return the number after which the events are wanted; -1 for all of them."""
    given = dict(request.query).get("starting_after", "")
    return int(given) if given.isdecimal() and len(given) < 10 else -1


def source_of(recording: Recording, path: str, request: Request, played: set[int]) -> Interaction | None:
    """Return the recorded stream of a response that has all events wanted.

    One that the app was given already is preferred; None if there is none.
    """
    wanted = starting_after(request) + 1
    streams = [one for one in recording.interactions if one.is_stream and _is_of(one, path)]
    holding = [one for one in streams if one.broken is None and _first_number(one) in range(wanted + 1)]
    return next((one for one in holding if one.index in played), next((one for one in holding if one.is_read), None))


def _is_of(interaction: Interaction, path: str) -> bool:
    return any(object_path(view) == path for _, view in responses_in(interaction))


def _first_number(interaction: Interaction) -> int | None:
    """Return the number of a stream's first event.

    None for streams of early 2025, whose events had none.
    """
    data = interaction.events[0][1] if interaction.events else None
    number = data.get("sequence_number") if isinstance(data, dict) else None
    return number if isinstance(number, int) else None


def from_number(interaction: Interaction, after: int) -> Response:
    """Return a recorded stream from behind an event on, byte for byte."""
    pieces = [piece for piece in sse.split(interaction.body or b"") if _number_of(piece) > after]
    return Response(200, (("content-type", sse.CONTENT_TYPE),), stream=iter(pieces))


def _number_of(piece: bytes) -> int:
    """Return the number of a piece's event; -1 for a piece without one."""
    data = next((data for _, data in sse.parse(piece)), None)
    number = data.get("sequence_number") if isinstance(data, dict) else None
    return number if isinstance(number, int) else -1


def last_response(write: Interaction) -> tuple[int, JsonObject] | None:
    """Return the response that a whole stream ended with, and its event's number.

    The response is as a plain answer shows it; None if the stream is not whole.
    """
    shown = list(responses_in(write))
    return shown[-1] if shown and write.broken is None and is_whole(shown[-1][1]) else None


def is_whole(value: Any) -> bool:
    """Return True for a response that is over."""
    return isinstance(value, dict) and value.get("object") == "response" and value.get("status") in _ENDS


def events_of(response: JsonObject) -> list[Event]:
    """Return the events that a stream of this finished response would have sent."""
    shown = {key: value for key, value in response.items() if key != "billing"}  # never in a stream [REC]
    begun = {**shown, "status": "in_progress", "output": [], "usage": None, "error": None, "incomplete_details": None}
    if "completed_at" in begun:
        begun["completed_at"] = None
    events: list[Event] = [("created", {"response": begun}), ("in_progress", {"response": begun})]
    for index, item in enumerate(response.get("output") or ()):
        events += _of_item(item, index)
    events.append((str(response["status"]), {"response": shown}))
    return [_numbered(number, name, data) for number, (name, data) in enumerate(events)]


def _numbered(number: int, name: str, data: JsonObject) -> Event:
    kind = f"response.{name}"
    body = {**data, "sequence_number": number}
    return kind, {"type": kind, **{key: body[key] for key in sorted(body)}}


def _of_item(item: JsonObject, index: int) -> Iterator[Event]:
    begun = {**item, **({"status": "in_progress"} if "status" in item else {})}
    begun |= {key: empty for key, empty in _EMPTY.items() if item.get(key)}
    yield "output_item.added", {"item": begun, "output_index": index}
    place = {"item_id": item.get("id", ""), "output_index": index}
    for number, part in enumerate(item.get("content") or () if item.get("type") == "message" else ()):
        yield from _of_part(part, {**place, "content_index": number})
    for number, part in enumerate(item.get("summary") or () if item.get("type") == "reasoning" else ()):
        yield from _of_summary(part, {**place, "summary_index": number})
    for key, name in _WRITTEN.get(str(item.get("type")), ()):
        yield f"{name}.delta", {**place, "delta": item.get(key) or ""}
        yield f"{name}.done", {**place, key: item.get(key) or ""}
    yield "output_item.done", {"item": item, "output_index": index}


def _of_part(part: JsonObject, place: JsonObject) -> Iterator[Event]:
    is_text = part.get("type") == "output_text"
    kind, key = ("output_text", "text") if is_text else ("refusal", "refusal")
    logprobs: JsonObject = {"logprobs": []} if is_text else {}
    yield "content_part.added", {**place, "part": {**part, key: "", **({"annotations": []} if is_text else {})}}
    yield f"{kind}.delta", {**place, "delta": part.get(key, ""), **logprobs}
    for number, note in enumerate(part.get("annotations") or ()):
        yield "output_text.annotation.added", {**place, "annotation": note, "annotation_index": number}
    yield f"{kind}.done", {**place, key: part.get(key, ""), **logprobs}
    yield "content_part.done", {**place, "part": part}


def _of_summary(part: JsonObject, place: JsonObject) -> Iterator[Event]:
    text = part.get("text", "")
    yield "reasoning_summary_part.added", {**place, "part": {**part, "text": ""}}
    yield "reasoning_summary_text.delta", {**place, "delta": text}
    yield "reasoning_summary_text.done", {**place, "text": text}
    yield "reasoning_summary_part.done", {**place, "part": part}


# What is not known yet of an item when it is first sent.
_EMPTY: JsonObject = {"content": [], "summary": [], "arguments": "", "input": "", "code": "", "queries": []}
# By the type of an item: the field that is sent as text, and what its events are called. [REC]
_WRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "function_call": (("arguments", "function_call_arguments"),),
    "custom_tool_call": (("input", "custom_tool_call_input"),),
    "mcp_call": (("arguments", "mcp_call_arguments"),),
    "code_interpreter_call": (("code", "code_interpreter_call_code"),),
}
