"""What happens in a world, live: for the terminal's log and for pages that look on."""

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
_BEGINNING = 400  # bytes of an answer in which a new run's id is to be found
WAITING = 1000  # messages that a page may be behind before it is dropped
TICK_SECONDS = 0.25  # in real time runs go on without a request


class RunWatch:
    """Knows the runs of a world that are not over, from the answers that made them."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[str, int]] = {}  # id to what was last seen: status, moments

    def learn(self, method: str, body: bytes) -> None:
        """Find the run that an answer, or an event of a stream, shows to have been made."""
        found = _RUN_ID.search(body[:_BEGINNING]) if method == "POST" else None
        if found is not None:
            self._live.setdefault(found[1].decode(), ("", 0))

    def follow(self, run_ids: Iterable[str]) -> None:
        """Take runs in that were made before anybody looked."""
        for run_id in run_ids:
            self._live.setdefault(run_id, ("", 0))

    def changes(self, backend: Backend) -> list[Timeline]:
        """Give the timelines of runs that changed since this was asked last."""
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
    """Tells pages what happens, as server-sent events.

    Args:
        snapshot: gives what a page that comes later must know, as (event, value) pairs.
    """

    def __init__(self, snapshot: Callable[[], list[tuple[str, Any]]]) -> None:
        self._snapshot = snapshot
        self._queues: set[asyncio.Queue[bytes | None]] = set()

    @property
    def is_watched(self) -> bool:
        """True while a page looks on."""
        return bool(self._queues)

    def publish(self, event: str, value: Any) -> None:
        """Tell every page; one too far behind is dropped, and connects again."""
        message = _event(event, value)
        for queue in list(self._queues):
            if queue.qsize() >= WAITING:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(message)

    async def events(self, tick: Callable[[], Any]) -> AsyncIterator[bytes]:
        """Give the events from now on, first those of the snapshot.

        Args:
            tick: called while nothing happens, to look whether time has changed something.
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


def watched(answer: Answer, seen: Callable[[bytes], None]) -> Answer:
    """Show an answer's body, a streamed one piece by piece before it is sent."""
    if not isinstance(answer, Response):
        return answer
    if answer.stream is None:
        seen(answer.body)
        return answer
    stream = answer.stream

    def chunks() -> Any:
        for chunk in stream:
            if isinstance(chunk, bytes):
                seen(chunk)
            yield chunk
        seen(b"")

    answer.stream = chunks()
    return answer


def _event(event: str, value: Any) -> bytes:
    return f"event: {event}\ndata: {json.dumps(value)}\n\n".encode()
