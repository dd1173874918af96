"""Faults inside a stream: it is cut, fails, stalls, repeats itself or changes its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.common import sse
from understudy._apis.responses.stream_events import LAST_EVENTS
from understudy._common.messages import Abort, Answer, Chunk, Pause
from understudy._faulting.fault_context import ArmedFault, FaultContext
from understudy.faults import DuplicateEvents, ReorderedEvents, Slow, StreamCut, StreamError


class _Place:
    """Says which event of a stream is the one that a fault names: by its name (the first of it) or its number."""

    def __init__(self, entry: ArmedFault) -> None:
        self._place = entry.fault.place
        self._entry = entry
        self._number = 0
        self._found = False
        entry.struck -= 1  # it strikes when its event comes, if it does

    def is_here(self, chunk: Chunk) -> bool:
        if not isinstance(chunk, bytes):
            return False
        self._number += 1
        name = sse.name_of(chunk)
        name = "done" if name in LAST_EVENTS and self._place == "done" else name  # nothing comes after it there
        is_here = self._place in (None, self._number, name) and not (self._found and self._place)
        if is_here and not self._found:
            self._found = True
            self._entry.struck += 1
        return is_here and (self._place is not None or chunk != sse.DONE)


def until(entry: ArmedFault, stream: Iterator[Chunk], ending: list[Chunk]) -> Iterator[Chunk]:
    """Return the stream up to the event where the fault is, then the ending."""
    place = _Place(entry)
    for chunk in stream:
        if place.is_here(chunk):
            yield from ending
            return
        yield chunk


def cut(struck: FaultContext, what: StreamCut) -> Answer:
    text = "peer closed connection without sending complete message body (incomplete chunked read)"
    ending: list[Chunk] = [Abort("RemoteProtocolError", text)] if what.reset else []
    size = what.at_byte
    if size is not None:
        return struck.serve_stream(lambda stream: first_bytes(stream, size, ending))
    return struck.serve_stream(lambda stream: until(struck.entry, stream, ending))


def first_bytes(stream: Iterator[Chunk], left: int, ending: list[Chunk]) -> Iterator[Chunk]:
    for chunk in stream:
        if isinstance(chunk, bytes):
            if len(chunk) >= left:
                yield chunk[:left]
                break
            left -= len(chunk)
        yield chunk
    yield from ending


def error(struck: FaultContext, what: StreamError) -> Answer:
    content: dict[str, Any] = {"message": what.message, "type": "server_error", "param": None, "code": what.code}
    said = {"error": content} if what.nested else content
    return struck.serve_stream(lambda stream: _failing(struck, stream, said))


def _failing(struck: FaultContext, stream: Iterator[Chunk], said: dict[str, Any]) -> Iterator[Chunk]:
    """Return a stream up to the event where the fault is, then the API's error, and nothing after it."""
    place, number = _Place(struck.entry), 0
    for chunk in stream:
        if place.is_here(chunk):
            yield from struck.face.error_event(number, said)
            return
        number += isinstance(chunk, bytes)
        yield chunk


def held_back(struck: FaultContext, stream: Iterator[Chunk], what: Slow) -> Iterator[Chunk]:
    place = _Place(struck.entry)
    for chunk in stream:
        if place.is_here(chunk):
            if not struck.engine.clock.virtual:
                yield Pause(what.seconds)
            struck.pass_time(what.seconds)
        yield chunk


def duplicated(struck: FaultContext, what: DuplicateEvents) -> Answer:
    return struck.serve_stream(lambda stream: _doubled(_Place(struck.entry), stream))


def _doubled(place: _Place, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    for chunk in stream:
        yield chunk
        if place.is_here(chunk):
            yield chunk


def reordered(struck: FaultContext, what: ReorderedEvents) -> Answer:
    return struck.serve_stream(lambda stream: _swapped(_Place(struck.entry), stream))


def _swapped(place: _Place, stream: Iterator[Chunk]) -> Iterator[Chunk]:
    held: Chunk | None = None  # waits for the one that follows
    for chunk in stream:
        if held is not None and isinstance(chunk, bytes) and chunk != sse.DONE:
            yield chunk
            yield held
            held = None
        elif held is None and place.is_here(chunk):
            held = chunk
        elif chunk == sse.DONE and held is not None:
            yield held  # the last one: nothing follows that it could change places with
            yield chunk
        else:
            yield chunk
