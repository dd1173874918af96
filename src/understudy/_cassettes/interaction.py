"""One recorded exchange as a plain value, whatever file it came from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from understudy._apis.common import sse
from understudy._apis.common.routing import api_path
from understudy._common.messages import Headers
from understudy._common.printable import printable

READS = frozenset({"GET", "HEAD", "OPTIONS"})

# The names of errors that both HTTP libraries can raise again on replay. [httpx, httpx2: their exceptions]
RAISABLE = frozenset(
    [
        "ConnectError",
        "ConnectTimeout",
        "ReadError",
        "ReadTimeout",
        "WriteError",
        "WriteTimeout",
        "PoolTimeout",
        "CloseError",
        "RemoteProtocolError",
        "LocalProtocolError",
        "ProxyError",
        "UnsupportedProtocol",
    ]
)
# Marks a body that the recorded app did not read to its end: what came after is not known.
LEFT_EARLY = ("RemoteProtocolError", "the recording ends here: the app closed this stream early")
# A client retries after these answers: they say nothing about the state of an object. [SDK: `_should_retry`]
TRANSIENT = frozenset({408, 409, 429})


@dataclass(frozen=True, kw_only=True, repr=False)
class Interaction:
    """A recorded request and its answer.

    Attributes:
        index: its place in the recording, from 0.
        method: upper case.
        url: as recorded, host and query included.
        request_headers, headers: name and value pairs, names as recorded; the encoding taken off the body is not among them.
        request_body: the bytes sent; None when the recording has lost them (null with a content type).
        status: of the answer.
        body: the decompressed bytes of the answer; None when the recording has lost them.
        recorded_at: when, as written in the cassette; None in other recorders' cassettes that do not say.
        timings: for a stream, (seconds since the request, bytes of the body so far) for each piece; empty if unknown.
        broken: the exception that ended the answer, as (class name, text); None for an answer that came whole.
        test: the test that recorded it, as pytest names it; None outside of one, and in other recorders' cassettes.
        dwell: for how many seconds, and over how many polls, this same answer was given; (0.0, 1) for just one.
    """

    index: int
    method: str
    url: str
    request_headers: Headers = ()
    request_body: bytes | None = b""
    status: int = 200
    headers: Headers = ()
    body: bytes | None = b""
    recorded_at: str | None = None
    timings: tuple[tuple[float, int], ...] = ()
    broken: tuple[str, str] | None = None
    dwell: tuple[float, int] = (0.0, 1)
    test: str | None = None

    @cached_property
    def path(self) -> str:
        """The API path, without host, query, and what precedes `/threads` and its like."""
        return api_path(urlsplit(self.url).path)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query, in the order sent."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @cached_property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def is_read(self) -> bool:
        return self.method in READS

    @property
    def is_transient(self) -> bool:
        """Whether a client retries after this answer: 408, 409, 429, 5xx, or none at all."""
        return self.status in TRANSIENT or self.status >= 500 or (self.broken is not None and not self.body)

    @property
    def was_left_early(self) -> bool:
        """Whether the recorded app closed the answer before it had read all of it."""
        return self.broken == LEFT_EARLY

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    @cached_property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return (self.header("content-type") or "").startswith("text/event-stream") or (
            self.body is not None and self.body.startswith(b"event: ")
        )

    @cached_property
    def json(self) -> Any:
        """The answer as JSON; None if it is empty, lost or not JSON."""
        return parsed(self.body)

    @cached_property
    def request_json(self) -> Any:
        return parsed(self.request_body)

    @cached_property
    def events(self) -> list[tuple[str, Any]]:
        """The events of a streamed answer; empty for any other."""
        return sse.parse(self.body) if self.is_stream and self.body else []

    def __repr__(self) -> str:
        # Neither bodies, headers nor the query: reprs get into tracebacks, where nothing unscrubbed may appear.
        return f"<Interaction #{self.index} {self.method} {self.path}, {self.status}>"

    def __str__(self) -> str:
        query = urlsplit(self.url).query
        return printable(f"#{self.index} {self.method} {self.path}{'?' + query if query else ''}")


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, its name in any case; None if it is absent."""
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def parsed(body: bytes | None) -> Any:
    """Return a body as JSON; None if it is not JSON."""
    if not body or body[:1] not in b'{["':
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # this API's JSON is never nested so deeply
        return None
