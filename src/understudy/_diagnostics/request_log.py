"""The log of requests: what the app sent, and how each request ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from understudy._apis.common.sse import DONE, is_of_events
from understudy._common.messages import Abort, Chunk, Headers, RawHeaders, SentRequest, text_headers

if TYPE_CHECKING:
    from understudy.faults import Fault

SHOWN_BYTES = 400  # a run's status and a refusal's message are near the beginning
_RUN_EVENT, _STEP_EVENT = b"event: thread.run.", b"event: thread.run.step."


@dataclass(slots=True)
class Logged:
    """A request, and how it ended.

    Attributes:
        method, path, body: what the app sent; see `SentRequest`.
        headers: its headers, as received.
        at: the time of the clock, in (virtual) unix seconds; `wall`: the machine's monotonic clock, in seconds.
        status: the HTTP status of the answer; None if there was none.
        fault: the fault it met, if any.
        stream: `open` until a stream of events is read to its end, then `read`; "" for any other answer.
        shown: the first 400 bytes of the answer; for a stream, the last status of the run in it.
    """

    method: str
    path: str
    body: bytes = field(repr=False)  # what may contain a key is left out of reprs, which get into tracebacks
    headers: Headers | RawHeaders = field(repr=False)
    at: float
    wall: float
    status: int | None = None
    fault: Fault | None = None
    stream: str = ""
    shown: bytes = field(default=b"", repr=False)

    @property
    def sent(self) -> SentRequest:
        """The request as the app sent it, made on access: every request is logged."""
        return SentRequest(self.method, self.path, self.body, text_headers(self.headers))

    def watched(self, stream: Iterator[Chunk], headers: Headers) -> Iterator[Chunk]:
        """Pass on the answer's stream, recording how far it is read.

        `headers`: of the answer. Another body than events is what the app waits for in one piece.
        """
        if not is_of_events(headers):
            return self._begun(stream)
        self.stream = "open"
        return self._watched(stream)

    def _begun(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            if isinstance(chunk, bytes) and not self.shown:
                self.shown = chunk[:SHOWN_BYTES]
            yield chunk

    def _watched(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            if chunk == DONE or isinstance(chunk, Abort):  # clients need not read on after either
                self.stream = "read"
            elif isinstance(chunk, bytes) and chunk.startswith(_RUN_EVENT) and not chunk.startswith(_STEP_EVENT):
                self.shown = chunk[len(_RUN_EVENT) : chunk.index(b"\n")]
            yield chunk
        self.stream = "read"
