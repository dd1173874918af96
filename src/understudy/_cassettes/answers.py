"""Turns a recorded answer into the one that is given.

It is given whole, at once, and without the waiting that was recorded with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from understudy._apis.common import sse
from understudy._apis.common.json_encoding import pretty
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.misses import left_early
from understudy._common.messages import Abort, Answer, Chunk, Headers, Pause, Response

# They describe the bytes that were on the wire, not those given now.
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
_WAITING = frozenset({"retry-after", "retry-after-ms", "openai-poll-after-ms"})

# Every SDK waits between its polls as long as this header says, and else for a second. [SDK]
NO_POLL_WAIT = ("openai-poll-after-ms", "0")
# The SDK obeys only a wait of more than 0, and else backs off by its own arithmetic. [SDK: `_calculate_retry_timeout`]
NO_RETRY_WAIT = ("retry-after-ms", "1")


def recorded(
    interaction: Interaction,
    cassette: str,
    *,
    polled: bool = False,
    speed: float | None = None,
    on_event: Callable[[int], None] | None = None,
) -> Answer:
    """Return a recorded answer as it should be given now.

    Args:
        interaction: what was recorded.
        cassette: its name, for messages.
        polled: the answer is a poll's.
        speed: None gives everything at once; 1.0 keeps the recorded timing of streams and retries, 2.0 halves it.
        on_event: called with the number (from 1) of each event of a stream before it is given.

    Raises:
        ReplayMiss: the recorded app closed the answer early, and a part of it is of no use; a stream raises it where the
            recording ends, when more is asked for.
    """
    body = interaction.body or b""
    if interaction.was_left_early:
        if (interaction.header("content-type") or "").startswith("application/json"):
            raise left_early(interaction, cassette)
    elif interaction.broken and not body:
        return Abort(*interaction.broken)
    headers = _headers(interaction, polled, speed)
    if interaction.is_stream or interaction.broken:
        return Response(interaction.status, headers, stream=_stream(interaction, body, cassette, speed, on_event))
    return Response(interaction.status, headers, body)


def json_answer(value: Any, *, polled: bool = False) -> Response:
    """Return an answer made from facts of the recording."""
    headers: Headers = (("content-type", "application/json"),)
    return Response(200, (*headers, NO_POLL_WAIT) if polled else headers, pretty(value))


def stream_answer(
    events: list[tuple[str, Any]], on_event: Callable[[int], None] | None = None, *, ends_with_done: bool = True
) -> Response:
    """Return a stream made from facts of the recording.

    `done` is added at its end if `ends_with_done`, which the stream of a response does not have.
    """
    chunks = [sse.render(name, data) for name, data in events] + [sse.DONE] * ends_with_done
    return Response(200, (("content-type", sse.CONTENT_TYPE),), stream=_counted(chunks, on_event))


def _headers(interaction: Interaction, polled: bool, speed: float | None) -> Headers:
    drop = _OF_THE_WIRE if speed else _OF_THE_WIRE | _WAITING
    # The HTTP libraries accept ASCII only; anything else that a recorder kept of a header cannot be given.
    kept = ((name, value) for name, value in interaction.headers if name.lower() not in drop)
    headers = tuple((name, value.encode("ascii", "replace").decode("ascii")) for name, value in kept)
    if not speed:
        headers += (NO_POLL_WAIT,) * polled + (NO_RETRY_WAIT,) * interaction.is_transient
    return headers


def _stream(
    interaction: Interaction, body: bytes, cassette: str, speed: float | None, on_event: Callable[[int], None] | None
) -> Iterator[Chunk]:
    if speed and interaction.timings:
        yield from _timed(interaction, body, speed)
        if on_event is not None:
            on_event(len(interaction.events))
    else:
        yield from _counted(list(sse.split(body)), on_event)
    if interaction.was_left_early:
        raise left_early(interaction, cassette)
    if interaction.broken:
        yield Abort(*interaction.broken)


def _timed(interaction: Interaction, body: bytes, speed: float) -> Iterator[Chunk]:
    before, start = 0.0, 0
    for seconds, end in interaction.timings:
        yield Pause(max(0.0, seconds - before) / speed)
        yield body[start:end]
        before, start = seconds, end
    if start < len(body):
        yield body[start:]


def _counted(chunks: list[bytes], on_event: Callable[[int], None] | None) -> Iterator[Chunk]:
    number = 0
    for chunk in chunks:
        if on_event is not None and sse.is_event(chunk):
            number += 1
            on_event(number)
        yield chunk
