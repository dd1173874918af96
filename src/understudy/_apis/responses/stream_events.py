"""Stream events of the Responses API, made from the events of the engine.

A stream is a function of the events of the execution alone, numbered from 0: repeated from any number on, it is the same.
Keys come in alphabetical order after `type`; every delta but that of a refusal has some letters of `obfuscation`, unless
the app wants none or the response runs in the background. [REC, contract 16: since January 2026]
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

from understudy._apis.responses import render
from understudy._apis.responses.objects import Json, ModelResponse
from understudy._engine.events import Ended, Event, ItemClosed, ItemDelta, ItemOpened, Paused, Queued, Started
from understudy._engine.fold import ExecutionState
from understudy._engine.items import MessageDelta, Text, joined

LAST_EVENTS = frozenset(["response.completed", "response.incomplete", "response.failed"])
Sent = tuple[str, Json]
MOST_PADDING = 16


class StreamWriter:
    """Turns the events of one response into those of its stream, in order.

    Attributes:
        number: the number of the next one.
    """

    def __init__(self, response: ModelResponse, *, obfuscates: bool) -> None:
        self._response = response
        self._obfuscates = obfuscates and not response.settings.is_background
        self.number = 0

    def sent(self, event: Event, state: ExecutionState) -> Iterable[Sent]:
        """Return the stream events for an event of the engine: names and payloads.

        `state`: the one it led to.
        """
        if isinstance(event, ItemDelta) and state.items[-1].id == event.item_id and _is_plain(event.piece):
            piece = event.piece
            return (self._text_delta(event.item_id, len(state.items) - 1, piece.index, piece.piece.value),)
        return self._sent(event, state)

    def _text_delta(self, item_id: str, output_index: int, index: int, text: str) -> Sent:
        """Return the event of a plain piece of a text: what `_sent` gives for it.

        There may be thousands of them, and everything about them is known.
        """
        name = "response.output_text.delta"
        body: Json = {"type": name, "content_index": index, "delta": text, "item_id": item_id, "logprobs": []}
        if self._obfuscates:
            body["obfuscation"] = self._padding()
        body["output_index"] = output_index
        body["sequence_number"] = self.number
        self.number += 1
        return name, body

    def _sent(self, event: Event, state: ExecutionState) -> Iterator[Sent]:
        for name, payload in self._unnumbered(event, state):
            kind = f"response.{name}"
            body = {**payload, "sequence_number": self.number}
            if name.endswith(".delta") and not name.startswith("refusal") and self._obfuscates:
                body["obfuscation"] = self._padding()
            self.number += 1
            yield kind, {"type": kind, **{key: body[key] for key in sorted(body)}}

    def _padding(self) -> str:
        digest = blake2b(f"{self._response.id}|{self.number}".encode(), digest_size=MOST_PADDING // 2)
        return digest.hexdigest()[: 1 + digest.digest()[0] % MOST_PADDING]

    def _unnumbered(self, event: Event, state: ExecutionState) -> Iterator[Sent]:
        if isinstance(event, Queued):
            yield "created", self._whole(state)
            if self._response.settings.is_background:
                yield "queued", self._whole(state)
        elif isinstance(event, Started):
            yield "in_progress", self._whole(state)
        elif isinstance(event, Paused):
            yield "completed", self._whole(state)
        elif isinstance(event, Ended):
            if event.outcome in ("completed", "incomplete", "failed"):  # no event for a cancelled one exists [SPEC]
                yield event.outcome, self._whole(state)
        elif isinstance(event, ItemOpened | ItemDelta | ItemClosed):
            yield from self._about_item(event, state)

    def _whole(self, state: ExecutionState) -> Json:
        return {"response": render.response(self._response, state, in_stream=True)}

    def _about_item(self, event: ItemOpened | ItemDelta | ItemClosed, state: ExecutionState) -> Iterator[Sent]:
        item_id = event.state.id if isinstance(event, ItemOpened) else event.item_id
        index = next(number for number, item in enumerate(state.items) if item.id == item_id)
        item = state.items[index]
        place = {"item_id": item_id, "output_index": index}
        pieces = _PIECES.get(item.kind, _OwnView)(self._response, item, place)
        if isinstance(event, ItemOpened):
            yield "output_item.added", {"item": pieces.opening(), "output_index": index}
            yield from pieces.opened()
        elif isinstance(event, ItemDelta):
            yield from pieces.delta(event.piece)
        else:
            yield from pieces.closed()
            yield "output_item.done", {"item": render.item(self._response, item), "output_index": index}


def _is_plain(piece: Any) -> bool:
    """Return whether a piece only adds text to a part that has begun."""
    if not isinstance(piece, MessageDelta) or piece.is_first:
        return False
    return isinstance(piece.piece, Text) and not piece.piece.annotations


class _Pieces(ABC):
    """How an item is streamed; by default, without pieces."""

    def __init__(self, response: ModelResponse, item: Any, place: Json) -> None:
        self.response = response
        self.item = item
        self.place = place

    def opening(self) -> Json:
        """Return the item as it is first shown."""
        return render.item(self.response, self.item)

    def opened(self) -> Iterator[Sent]:
        """Return the events right after that."""
        return iter(())

    def delta(self, piece: Any) -> Iterator[Sent]:  # noqa: ARG002
        """Return the events of one piece."""
        return iter(())

    @abstractmethod
    def closed(self) -> Iterator[Sent]:
        """Return the events before the item is done."""


class _Message(_Pieces):
    def opening(self) -> Json:
        return {**super().opening(), "content": []}

    def delta(self, piece: Any) -> Iterator[Sent]:
        place = {**self.place, "content_index": piece.index}
        if piece.is_first:
            if piece.index:
                yield from self._part_closed(piece.index - 1)
            empty = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
            yield "content_part.added", {**place, "part": empty}
        text = render.delta_text(piece)
        if text or not piece.piece.annotations:
            yield "output_text.delta", {**place, "delta": text, "logprobs": []}
        if piece.piece.annotations:  # seldom, and the part has to be put together for it
            yield from self._annotated(piece, place)

    def _annotated(self, piece: Any, place: Json) -> Iterator[Sent]:
        sent = self._part(piece.index)["annotations"]
        for number in range(len(piece.piece.annotations)):
            count = piece.annotations_before + number
            yield "output_text.annotation.added", {**place, "annotation": sent[count], "annotation_index": count}

    def closed(self) -> Iterator[Sent]:
        if self.item.content:
            yield from self._part_closed(len(self.item.content) - 1)

    def _part(self, index: int) -> Json:
        part: Any = (self.item.content or joined(self.item.sent))[index]
        return render.text_part(self.response, part)

    def _part_closed(self, index: int) -> Iterator[Sent]:
        part, place = self._part(index), {**self.place, "content_index": index}
        yield "output_text.done", {**place, "logprobs": [], "text": part["text"]}
        yield "content_part.done", {**place, "part": part}


class _Function(_Pieces):
    def delta(self, piece: str) -> Iterator[Sent]:
        yield "function_call_arguments.delta", {**self.place, "delta": piece}

    def closed(self) -> Iterator[Sent]:
        yield "function_call_arguments.done", {**self.place, "arguments": self.item.arguments}


class _Reasoning(_Pieces):
    def opening(self) -> Json:
        return {**super().opening(), "summary": []}

    def delta(self, piece: tuple[int, str]) -> Iterator[Sent]:
        number, text = piece
        place = {**self.place, "summary_index": number}
        if self.item.summary[number] == text:  # its first
            if number:
                yield from self._done(number - 1)
            yield "reasoning_summary_part.added", {**place, "part": {"type": "summary_text", "text": ""}}
        yield "reasoning_summary_text.delta", {**place, "delta": text}

    def closed(self) -> Iterator[Sent]:
        if self.item.summary:
            yield from self._done(len(self.item.summary) - 1)

    def _done(self, number: int) -> Iterator[Sent]:
        place, text = {**self.place, "summary_index": number}, self.item.summary[number]
        yield "reasoning_summary_text.done", {**place, "text": text}
        yield "reasoning_summary_part.done", {**place, "part": {"type": "summary_text", "text": text}}


class _FileSearch(_Pieces):
    def opened(self) -> Iterator[Sent]:
        yield "file_search_call.in_progress", self.place
        yield "file_search_call.searching", self.place

    def closed(self) -> Iterator[Sent]:
        yield "file_search_call.completed", self.place


class _Code(_Pieces):
    def opened(self) -> Iterator[Sent]:
        yield "code_interpreter_call.in_progress", self.place

    def delta(self, piece: Any) -> Iterator[Sent]:
        if isinstance(piece, str):
            yield "code_interpreter_call_code.delta", {**self.place, "delta": piece}

    def closed(self) -> Iterator[Sent]:
        yield "code_interpreter_call_code.done", {**self.place, "code": self.item.input}
        yield "code_interpreter_call.interpreting", self.place
        yield "code_interpreter_call.completed", self.place


class _OwnView(_Pieces):
    """A kind of call that defines how it is shown."""

    def opened(self) -> Iterator[Sent]:
        for stage in render.view_of(self.item).begins:
            yield f"{self.item.kind}_call.{stage}", self.place

    def closed(self) -> Iterator[Sent]:
        for stage in render.view_of(self.item).ends:
            yield f"{self.item.kind}_call.{stage}", self.place


class _Given(_Pieces):
    """An item given as JSON, known as a whole at once.

    Streamed in as few pieces as its kind allows.
    """

    def opening(self) -> Json:
        item = super().opening()
        if "status" in item:
            item["status"] = "in_progress"
        if isinstance(item.get("action"), dict):
            item["action"] = {"type": item["action"].get("type")}  # what is looked for is not known yet [REC]
        return {**item, **{key: empty for key, empty in _EMPTY.items() if item.get(key)}}

    def opened(self) -> Iterator[Sent]:
        for stage in _STAGES.get(self.item.given["type"], ((), ()))[0]:
            yield f"{self.item.given['type']}.{stage}", self.place

    def closed(self) -> Iterator[Sent]:
        given = self.item.given
        yield from self._parts(given.get("content") or [] if given["type"] == "message" else [])
        yield from self._summaries(given.get("summary") or [] if given["type"] == "reasoning" else [])
        for key, name in _WRITTEN.get(given["type"], ()):
            yield f"{name}.delta", {**self.place, "delta": given[key] or ""}
            yield f"{name}.done", {**self.place, key: given[key] or ""}
        for stage in _STAGES.get(given["type"], ((), ()))[1]:
            failed = stage == "completed" and given["type"] == "mcp_call" and given.get("error") is not None
            yield f"{given['type']}.{'failed' if failed else stage}", self.place

    def _parts(self, parts: list[Json]) -> Iterator[Sent]:
        for number, part in enumerate(parts):
            place = {**self.place, "content_index": number}
            kind = "output_text" if part["type"] == "output_text" else "refusal"
            key = "text" if kind == "output_text" else "refusal"
            probabilities: Json = {"logprobs": []} if kind == "output_text" else {}
            empty = {**part, key: "", **({"annotations": []} if kind == "output_text" else {})}
            yield "content_part.added", {**place, "part": empty}
            position = 0
            for index, one in enumerate(part.get("annotations") or ()):
                end = max(one.get("end_index", one.get("index", 0)), position)
                if part[key][position:end]:
                    yield f"{kind}.delta", {**place, "delta": part[key][position:end], **probabilities}
                yield "output_text.annotation.added", {**place, "annotation": one, "annotation_index": index}
                position = end
            if part[key][position:] or not position:
                yield f"{kind}.delta", {**place, "delta": part[key][position:], **probabilities}
            yield f"{kind}.done", {**place, key: part[key], **probabilities}
            yield "content_part.done", {**place, "part": part}

    def _summaries(self, parts: list[Json]) -> Iterator[Sent]:
        for number, part in enumerate(parts):
            place = {**self.place, "summary_index": number}
            yield "reasoning_summary_part.added", {**place, "part": {"type": "summary_text", "text": ""}}
            yield "reasoning_summary_text.delta", {**place, "delta": part["text"]}
            yield "reasoning_summary_text.done", {**place, "text": part["text"]}
            yield "reasoning_summary_part.done", {**place, "part": part}


# What is not yet known of an item when it is first sent.
_EMPTY: Json = {
    "content": [],
    "summary": [],
    "arguments": "",
    "input": "",
    "code": "",
    "queries": [],
    "outputs": [],
    "tools": [],
}
# By the type of an item: what is sent when it begins, and when it is about to be done. [REC for the order]
_STAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "web_search_call": (("in_progress", "searching"), ("completed",)),
    "file_search_call": (("in_progress", "searching"), ("completed",)),
    "code_interpreter_call": (("in_progress",), ("interpreting", "completed")),
    "image_generation_call": (("in_progress", "generating"), ("completed",)),
    "mcp_list_tools": (("in_progress",), ("completed",)),
    "mcp_call": (("in_progress",), ("completed",)),
}
# By the type of an item: the field that is sent as text, and what its events are called. [REC]
_WRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "function_call": (("arguments", "function_call_arguments"),),
    "custom_tool_call": (("input", "custom_tool_call_input"),),
    "mcp_call": (("arguments", "mcp_call_arguments"),),
    "code_interpreter_call": (("code", "code_interpreter_call_code"),),
}

_PIECES: dict[str, type[_Pieces]] = {
    "message": _Message,
    "function": _Function,
    "reasoning": _Reasoning,
    "file_search": _FileSearch,
    "code_interpreter": _Code,
    "response_item": _Given,
}
