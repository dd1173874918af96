"""Faults inside a stream: cut, failing, stalled, repeated or reordered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.common import sse
from understudy._apis.responses.stream_events import LAST_EVENTS
from understudy._common.messages import Abort, Answer, Chunk, Pause
from understudy._faulting.fault_context import ArmedFault, FaultContext
from understudy.faults import DuplicateEvents, ReorderedEvents, Slow, StreamCut, StreamError


class _Place:
    """Recognises the event that a fault names, by its name (the first one) or number."""

    def __init__(self, entry: ArmedFault) -> None:
        self._place = entry.fault.place
        self._entry = entry
        self._number = 0
        self._found = False
        entry.struck -= 1  # it counts again when its event comes, if it does

    def is_here(self, chunk: Chunk) -> bool:
        if not isinstance(chunk, bytes):
            return False
        self._number += 1
        name = sse.name_of(chunk)
        name = (
            "done" if name in LAST_EVENTS and self._place == "done" else name
        )  # the last event of a response, which has no `done`
        is_here = self._place in (None, self._number, name) and not (self._found and self._place)
        if is_here and not self._found:
            self._found = True
            self._entry.struck += 1
        return is_here and (self._place is not None or chunk != sse.DONE)


def until(entry: ArmedFault, stream: Iterator[Chunk], ending: list[Chunk]) -> Iterator[Chunk]:
    """Yield the stream up to the fault's event, then the ending."""
    place = _Place(entry)
    for chunk in stream:
        if place.is_here(chunk):
            yield from ending
            return
        yield chunk


def cut(context: FaultContext, what: StreamCut) -> Answer:
    text = "peer closed connection without sending complete message body (incomplete chunked read)"
    ending: list[Chunk] = [Abort("RemoteProtocolError", text)] if what.reset else []
    size = what.at_byte
    if size is not None:
        return context.serve_stream(lambda stream: first_bytes(stream, size, ending))
    return context.serve_stream(lambda stream: until(context.entry, stream, ending))


def first_bytes(stream: Iterator[Chunk], left: int, ending: list[Chunk]) -> Iterator[Chunk]:
    for chunk in stream:
        if isinstance(chunk, bytes):
            if len(chunk) >= left:
                yield chunk[:left]
                break
            left -= len(chunk)
        yield chunk
    yield from ending


def error(context: FaultContext, what: StreamError) -> Answer:
    error_object: dict[str, Any] = {"message": what.message, "type": "server_error", "param": None, "code": what.code}
    body = {"error": error_object} if what.nested else error_object
    return context.serve_stream(lambda stream: _failing(context, stream, body))


def _failing(context: FaultContext, stream: Iterator[Chunk], body: dict[str, Any]) -> Iterator[Chunk]:
    """Yield the stream up to the fault's event, then the API's error event."""
    place, number = _Place(context.entry), 0
    for chunk in stream:
        if place.is_here(chunk):
            yield from context.face.error_event(number, body)
            return
        number += isinstance(chunk, bytes)
        yield chunk


def delay_event(context: FaultContext, stream: Iterator[Chunk], what: Slow) -> Iterator[Chunk]:
    place = _Place(context.entry)
    for chunk in stream:
        if place.is_here(chunk):
            if not context.engine.clock.virtual:
                yield Pause(what.seconds)
            context.pass_time(what.seconds)
        yield chunk


def duplicated(context: FaultContext, what: DuplicateEvents) -> Answer:
    return context.serve_stream(lambda stream: _doubled(_Place(context.entry), stream))


def _doubled(place: _Place, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    for chunk in stream:
        yield chunk
        if place.is_here(chunk):
            yield chunk


def reordered(context: FaultContext, what: ReorderedEvents) -> Answer:
    return context.serve_stream(lambda stream: _swapped(_Place(context.entry), stream))


def _swapped(place: _Place, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    delayed: Chunk | None = None  # waits for the one that follows
    for chunk in stream:
        if delayed is not None and isinstance(chunk, bytes) and chunk != sse.DONE:
            yield chunk
            yield delayed
            delayed = None
        elif delayed is None and place.is_here(chunk):
            delayed = chunk
        elif chunk == sse.DONE and delayed is not None:
            yield delayed  # the last one: no event follows to change places with
            delayed = None
            yield chunk
        else:
            yield chunk
    if delayed is not None:  # the last one of a stream that does not end with `[DONE]`
        yield delayed
