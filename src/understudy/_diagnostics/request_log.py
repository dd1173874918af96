"""What went over the wire, request by request: what the app sent, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from understudy._apis.common.sse import DONE
from understudy._common.messages import Abort, Answer, Chunk, Headers, RawHeaders, Response, SentRequest, text_headers
from understudy.faults import Fault

_SHOWN = 400  # bytes: a run's status and a refusal's message stand near the beginning
_RUN_EVENT, _STEP_EVENT = b"event: thread.run.", b"event: thread.run.step."


@dataclass(slots=True)
class Logged:
    """A request and its end.

    Attributes:
        method, path, body: what the app sent, as `SentRequest` says.
        headers: its headers, as they came.
        at: what the clock showed then, in (virtual) unix seconds; `wall`: seconds of the machine's own clock.
        status: the HTTP status of the answer; None when there was none.
        fault: the fault it met.
        stream: `open` while a streamed answer was not read to its end, then `read`; empty for any other answer.
        shown: how the answer begins; of a stream, the last status of the run in it.
    """

    method: str
    path: str
    body: bytes = field(repr=False)  # reprs get into tracebacks: what may hold a key is left out of them
    headers: Headers | RawHeaders = field(repr=False)
    at: float
    wall: float
    status: int | None = None
    fault: Fault | None = None
    stream: str = ""
    shown: bytes = field(default=b"", repr=False)

    @property
    def sent(self) -> SentRequest:
        """Return what the app sent, as a value: made when asked for, every request passes here."""
        return SentRequest(self.method, self.path, self.body, text_headers(self.headers))

    def answered(self, answer: Answer) -> None:
        """Note how it ended, or began to be streamed."""
        if isinstance(answer, Response):
            self.status = answer.status
            if answer.stream is not None:
                self.stream = "open"
                answer.stream = self._watched(answer.stream)
            else:
                self.shown = answer.body[:_SHOWN]

    def _watched(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            if chunk == DONE or isinstance(chunk, Abort):  # clients need not read on after either
                self.stream = "read"
            elif isinstance(chunk, bytes) and chunk.startswith(_RUN_EVENT) and not chunk.startswith(_STEP_EVENT):
                self.shown = chunk[len(_RUN_EVENT) : chunk.index(b"\n")]
            yield chunk
        self.stream = "read"
