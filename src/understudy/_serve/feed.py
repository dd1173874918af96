"""Live events of a simulation, for the log in the terminal and for pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any

from understudy._common.messages import Answer, Response
from understudy._engine.lifecycle import TERMINAL

if TYPE_CHECKING:
    from understudy._backend.backend import Backend
    from understudy._diagnostics.timeline import Timeline

_RUN_ID = re.compile(rb'"id": ?"((?:run|resp)_[^"]+)"')
_ID_SEARCH_BYTES = 400  # at the beginning of a response, where the id of a new run is
MAX_QUEUED_MESSAGES = 1000  # a page further behind is dropped
TICK_SECONDS = 0.25  # in real time, runs progress without requests


class RunWatch:
    """The active runs of a simulation, known from the responses that created them."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[str, int]] = {}  # id to the last known status and number of moments

    def learn(self, method: str, body: bytes) -> None:
        """Look for a new run in a response, or in an event of a stream."""
        found = _RUN_ID.search(body[:_ID_SEARCH_BYTES]) if method == "POST" else None
        if found is not None:
            self._live.setdefault(found[1].decode(), ("", 0))

    def follow(self, run_ids: Iterable[str]) -> None:
        """Add runs created before anything was watching."""
        for run_id in run_ids:
            self._live.setdefault(run_id, ("", 0))

    def changes(self, backend: Backend) -> list[Timeline]:
        """Return the timelines of the runs that changed since the last call."""
        changed = []
        for run_id, before in list(self._live.items()):
            try:
                timeline = backend.timeline(run_id)
            except KeyError:  # deleted with its thread, or not a run at all
                del self._live[run_id]
                continue
            now = (timeline.status, len(timeline.moments))
            if now != before:
                self._live[run_id] = now
                changed.append(timeline)
            if timeline.status in TERMINAL:
                self._live.pop(run_id)
        return changed


class Feed:
    """Publishes events to pages, as server-sent events.

    Args:
        snapshot: returns what a page that connects later needs, as (event, value) pairs.
    """

    def __init__(self, snapshot: Callable[[], list[tuple[str, Any]]]) -> None:
        self._snapshot = snapshot
        self._queues: set[asyncio.Queue[bytes | None]] = set()

    @property
    def is_watched(self) -> bool:
        """Whether a page is connected."""
        return bool(self._queues)

    def publish(self, event: str, value: Any) -> None:
        """Send an event to every page.

        A page too far behind is dropped, and connects again.
        """
        message = _event(event, value)
        for queue in list(self._queues):
            if queue.qsize() >= MAX_QUEUED_MESSAGES:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(message)

    async def events(self, tick: Callable[[], Any]) -> AsyncIterator[bytes]:
        """Yield the events from now on, those of the snapshot first.

        Args:
            tick: called when nothing happens for a while, to check for changes over time.
        """
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            for event, value in self._snapshot():
                yield _event(event, value)
            while True:
                try:
                    message = await asyncio.wait_for(queue.get(), TICK_SECONDS)
                except TimeoutError:
                    tick()
                    continue
                if message is None:
                    return
                yield message
        finally:
            self._queues.discard(queue)


def watch(answer: Answer, on_piece: Callable[[bytes], None]) -> Answer:
    """Pass the body of an answer to a callback, a streamed one piece by piece."""
    if not isinstance(answer, Response):
        return answer
    if answer.stream is None:
        on_piece(answer.body)
        return answer
    stream = answer.stream

    def chunks() -> Any:
        for chunk in stream:
            if isinstance(chunk, bytes):
                on_piece(chunk)
            yield chunk
        on_piece(b"")

    answer.stream = chunks()
    return answer


def _event(event: str, value: Any) -> bytes:
    return f"event: {event}\ndata: {json.dumps(value)}\n\n".encode()
