"""The exchanges of a simulation: each request with its response, for exports."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from understudy._common.messages import Abort, Answer, Chunk, Headers, RawHeaders, Request, Response, text_headers

MAX_EXCHANGES = 500
MAX_BODY_BYTES = 1_000_000  # of all bodies together
_SECRET = frozenset({"authorization", "api-key", "x-api-key", "cookie", "proxy-authorization"})


@dataclass(slots=True)
class ServedExchange:
    """A request and its response, or a verb on the admin route.

    Attributes:
        number: counted from 1.
        method, path, query: as sent, without the prefix of the simulation.
        sent_headers: of the request, as sent; `headers`: as text, without credentials.
        request_body, body: the bytes; of a streamed response, those sent so far.
        pieces: of the body, as it was sent.
        at: the time on the clock of the simulation, in unix seconds.
        wall: the time on the clock of the machine, in unix seconds.
        status: of the response; None if there is none yet, or the connection broke.
        answer_headers: of the response.
        seconds: until the response was complete; None before.
        broken: why the connection broke; empty otherwise.
        verb: of the admin route; None for a request to the API.
    """

    number: int
    method: str
    path: str
    query: str
    sent_headers: Headers | RawHeaders = field(repr=False)
    request_body: bytes
    at: float
    wall: float
    status: int | None = None
    answer_headers: Headers = ()
    pieces: list[bytes] = field(default_factory=list)
    seconds: float | None = None
    broken: str = ""
    verb: str | None = None

    @property
    def body(self) -> bytes:
        """Return the body of the response, joined from its pieces when needed."""
        return b"".join(self.pieces)

    @property
    def headers(self) -> Headers:
        """The headers of the request as text, without credentials; made only when needed."""
        return tuple(pair for pair in text_headers(self.sent_headers) if pair[0].lower() not in _SECRET)

    def to_json(self) -> dict[str, Any]:
        """Return the exchange as JSON; of a body that is not text, only its size."""
        return {
            "number": self.number,
            "at": self.at,
            "method": self.method,
            "path": self.path + (f"?{self.query}" if self.query else ""),
            "headers": {name.lower(): value for name, value in self.headers},
            "body": _shown(self.request_body),
            "status": self.status,
            "answer": _shown(self.body),
            "broken": self.broken,
            "ms": None if self.seconds is None else round(self.seconds * 1000, 1),
        }


class Exchanges:
    """The latest exchanges of a simulation, limited in number and bytes."""

    def __init__(self) -> None:
        self._kept: deque[ServedExchange] = deque()
        self._bytes = 0
        self.count = 0

    def __iter__(self) -> Iterator[ServedExchange]:
        return iter(tuple(self._kept))

    @property
    def lost(self) -> int:
        """The number of older exchanges that are no longer kept."""
        return self.count - len(self._kept)

    def begin(self, request: Request, at: float, verb: str | None = None) -> ServedExchange:
        """Record a request; `finish` records its response."""
        self.count += 1
        query = request.url.partition("?")[2]
        entry = ServedExchange(
            self.count, request.method, request.path, query, request.sent_headers, request.body, at, time.time(), verb=verb
        )
        self._kept.append(entry)
        self._grow(len(request.body))
        return entry

    def finish(self, entry: ServedExchange, answer: Answer) -> Answer:
        """Record the response, a stream as it is sent; return the response to send."""
        if isinstance(answer, Abort):
            entry.broken = answer.message or answer.kind
        if not isinstance(answer, Response):
            entry.seconds = time.time() - entry.wall
            return answer
        entry.status, entry.answer_headers = answer.status, answer.headers
        if answer.stream is not None:
            answer.stream = self._record_stream(entry, answer.stream)
            return answer
        entry.pieces, entry.seconds = [answer.body], time.time() - entry.wall
        self._grow(len(answer.body))
        return answer

    def _record_stream(self, entry: ServedExchange, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            if isinstance(chunk, bytes):
                if entry.number > self.lost:  # not for an exchange no longer kept
                    entry.pieces.append(chunk)
                    self._grow(len(chunk))
            elif isinstance(chunk, Abort):
                entry.broken = chunk.message or chunk.kind
            yield chunk
        entry.pieces[:] = [entry.body]
        entry.seconds = time.time() - entry.wall

    def _grow(self, size: int) -> None:
        self._bytes += size
        while len(self._kept) > 1 and (len(self._kept) > MAX_EXCHANGES or self._bytes > MAX_BODY_BYTES):
            oldest = self._kept.popleft()
            self._bytes -= len(oldest.request_body) + sum(map(len, oldest.pieces))


def _shown(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"({len(body):,} bytes that are not text)"
