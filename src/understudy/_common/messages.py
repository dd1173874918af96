"""Requests and answers as plain values: what every layer above the HTTP library speaks.

Nothing here knows an HTTP library, a socket or the Assistants API. A *handler* (the simulated service, a cassette) takes a
`Request` and returns one of three things, and the interception layer carries it out for whichever client asked:

* `Response`: this is the answer. Its body is bytes, or an iterator that is pulled lazily while the app reads.
* `Forward`: let the request out to the real server; an optional `Observer` sees the answer go by, chunk by chunk.
* `Abort`: no answer; the client's own HTTP library raises this exception (`ConnectError`, `ReadTimeout`, ...).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

Headers = tuple[tuple[str, str], ...]
RawHeaders = Sequence[tuple[bytes, bytes]]


def text_headers(headers: Headers | RawHeaders) -> Headers:
    """Headers as text, whichever way they came."""
    return tuple((_text(name), _text(value)) for name, value in headers)


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else part


class Request:
    """What a client sent.

    Attributes:
        method: upper case, `GET`.
        url: the whole URL as sent, query included.
        path: its path, still percent-encoded, without the query.
        body: the bytes of the body, `b""` when there is none.
        sent_headers: name and value pairs in the order sent, names as the client spelled them; text, or bytes as an HTTP
            library holds them: few are ever asked for, so they are decoded only when they are.
    """

    def __init__(self, method: str, url: str, headers: Headers | RawHeaders = (), body: bytes = b"") -> None:
        self.method = method
        self.url = url
        self.sent_headers = headers
        self.body = body
        # Taken apart by hand: every request passes here, and urlsplit costs more than the rest of the routing.
        rest, _, self._query = url.partition("#")[0].partition("?")
        scheme, found, after = rest.partition("://")
        self._authority, slash, path = after.partition("/") if found else ("", "", scheme)
        self.path = slash + path  # still percent-encoded
        self._by_name: dict[str | bytes, str | bytes] | None = None

    @property
    def host(self) -> str:
        """Return the host name in lower case, without a port; empty for a relative URL."""
        return urlsplit(f"//{self._authority}").hostname or ""

    @property
    def headers(self) -> Headers:
        """Return the headers as text."""
        return text_headers(self.sent_headers)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the decoded query, in the order sent; a key may stand more than once."""
        return parse_qsl(self._query, keep_blank_values=True) if self._query else []

    def header(self, name: str, default: str | None = None) -> str | None:
        """Return the last value of a header, its name in any case; `default` when it was not sent."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._by_name = {key.lower(): value for key, value in self.sent_headers}
        name = name.lower()
        value = by_name.get(name)
        if value is None:
            value = by_name.get(name.encode("latin-1", "replace"), default)
        return value.decode("latin-1") if isinstance(value, bytes) else value

    @property
    def json(self) -> Any:
        """Return the body as JSON; None when it is empty or not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def __repr__(self) -> str:
        # Without the query: reprs get into tracebacks, and a query may hold a key.
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


@dataclass(frozen=True, slots=True)
class Pause:
    """Inside a streamed body: wait this long before the next chunk, letting other tasks and threads run."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Abort:
    """No answer, or the end of one: the client's HTTP library raises its exception of this name, or of this kind.

    Attributes:
        kind: the class name of the exception, the same in httpx and httpx2: `ConnectError`, `ReadTimeout`, `ReadError`,
            `RemoteProtocolError`, ...; each other library has its own for the same thing.
        message: its text.
    """

    kind: str
    message: str


Chunk = bytes | Pause | Abort


@dataclass(slots=True)
class Response:
    """An answer.

    Attributes:
        status: the HTTP status code.
        headers: name and value pairs in the order they are to be seen.
        body: the whole body; ignored when `stream` is given.
        stream: the body piece by piece, pulled only as fast as the app reads; one pull gives at most one piece.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    stream: Iterator[Chunk] | None = None


class Observer(Protocol):
    """Sees the answer to a forwarded request go by.

    Every call happens on the app's own thread or task.
    """

    def started(self, status: int, headers: Headers) -> None:
        """The head of the answer has arrived."""

    def chunk(self, data: bytes) -> None:
        """A piece of the body, as it came over the wire (still compressed if it was), is about to reach the app."""

    def ended(self) -> None:
        """The body is complete."""

    def broken(self, error: BaseException | Abort | None) -> None:
        """Take note that there was no answer, or that it broke off.

        Args:
            error: an exception of httpx, or in its terms as an `Abort`; None: the app closed the answer early.
        """


@dataclass(frozen=True, slots=True)
class Forward:
    """Let the request out to where it was going."""

    observer: Observer | None = None


Answer = Response | Forward | Abort


@dataclass(frozen=True, slots=True)
class HostRules:
    """Which requests are ours; see `understudy._http.hosts.is_ours`.

    Attributes:
        hosts: host names that are always ours; a leading `*.` stands for any subdomain, and `name:port` for that port only.
        pass_hosts: host names that never are, whatever their headers say.
    """

    hosts: tuple[str, ...] = ("api.openai.com", "*.openai.azure.com", "*.services.ai.azure.com")
    pass_hosts: tuple[str, ...] = ()


def host_names(given: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a setting `hosts=`.

    Raises:
        TypeError: one name instead of a list of them, which would be a list of its letters.
    """
    if isinstance(given, str):
        raise TypeError(f"hosts={given!r}: expected a list of host names: write [{given!r}]")
    return tuple(given)


class Handler(Protocol):
    """Answers requests. Called from any thread; must do its own locking."""

    @property
    def rules(self) -> HostRules:
        """Say which requests are ours."""

    def handle(self, request: Request) -> Answer:
        """Answer one request.

        Never raises: what goes wrong is kept and raised again at the end of the test.
        """


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request that the app sent, as kept in a request log.

    Attributes:
        method, path: as sent; the path is the API path (`/threads/...`), whatever prefix stood before it.
        json: the body as JSON, None when there was none, or it is something else (an upload).
        headers: lower-case names; of a repeated header the last value.
    """

    method: str
    path: str
    body: bytes = field(repr=False)
    sent_headers: Headers = field(repr=False)

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.sent_headers}
