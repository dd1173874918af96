"""Requests and answers as plain values, for every layer above the HTTP library.

Nothing here knows an HTTP library, a socket or an API. A *handler* (the simulated service, a cassette) takes a `Request` and
returns one of three values, which the interception layer carries out for the client:

* `Response`: the answer. Its body is bytes, or an iterator that is pulled lazily while the app reads.
* `Forward`: let the request out to the real server; an optional `Observer` sees the answer pass, chunk by chunk.
* `Abort`: no answer; the client's HTTP library raises this exception (`ConnectError`, `ReadTimeout`, ...).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

Headers = tuple[tuple[str, str], ...]
RawHeaders = Sequence[tuple[bytes, bytes]]


def text_headers(headers: Headers | RawHeaders) -> Headers:
    """Return headers as text."""
    return tuple((_text(name), _text(value)) for name, value in headers)


def _text(part: str | bytes) -> str:
    return part.decode("latin-1") if isinstance(part, bytes) else part


@lru_cache(maxsize=256)
def _spellings(name: str) -> tuple[str, bytes]:
    """Return a header's name in lower case, as text and as bytes."""
    return name.lower(), name.lower().encode("latin-1", "replace")


class Request:
    """A request of a client.

    Attributes:
        method: upper case, `GET`.
        url: the whole URL as sent, query included.
        path: its path, still percent-encoded, without the query.
        body: the body, `b""` if there is none.
        sent_headers: name and value pairs in the order sent, names as the client spelled them; text, or bytes as an HTTP
            library stores them: few are ever read, so they are decoded only then.
    """

    def __init__(self, method: str, url: str, headers: Headers | RawHeaders = (), body: bytes = b"") -> None:
        self.method = method
        self.url = url
        self.sent_headers = headers
        self.body = body
        # Split by hand: every request passes here, and urlsplit costs more than the rest of the routing.
        rest, _, self._query = url.partition("#")[0].partition("?")
        scheme, found, after = rest.partition("://")
        self._authority, slash, path = after.partition("/") if found else ("", "", scheme)
        self.path = slash + path  # still percent-encoded
        self._by_name: dict[str | bytes, str | bytes] | None = None

    @property
    def host(self) -> str:
        """The host name in lower case, without a port; "" for a relative URL."""
        return urlsplit(f"//{self._authority}").hostname or ""

    @property
    def headers(self) -> Headers:
        """The headers as text."""
        return text_headers(self.sent_headers)

    @property
    def query(self) -> list[tuple[str, str]]:
        """The decoded query, in the order sent; a key may occur more than once."""
        return parse_qsl(self._query, keep_blank_values=True) if self._query else []

    def header(self, name: str, default: str | None = None) -> str | None:
        """Return the last value of a header, or `default`; case is ignored."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._by_name = {key.lower(): value for key, value in self.sent_headers}
        text, raw = _spellings(name)
        value = by_name.get(raw)
        if value is None:
            value = by_name.get(text, default)
        return value.decode("latin-1") if isinstance(value, bytes) else value

    @property
    def json(self) -> Any:
        """Return the body as JSON; None when it is empty, not JSON, or nested too deeply."""
        try:
            return json.loads(self.body) if self.body else None
        except (ValueError, RecursionError):
            return None

    def strict_json(self, *, empty: Any) -> Any:
        """Return the body as JSON that can be encoded again, or `empty`.

        Raises:
            ValueError: not JSON in UTF-8, or with NaN, an infinite number, or half of a surrogate pair, which is not a
                character [INF].
            RecursionError: nested too deeply.
        """
        text = self.body.decode("utf-8")  # json.loads would accept encoded halves of surrogate pairs
        if not text.strip():
            return empty
        value = _strict.decode(text)
        if b"\\ud" in self.body or b"\\uD" in self.body:
            json.dumps(value, ensure_ascii=False).encode()
        return value

    def __repr__(self) -> str:
        # Without the query, which may contain a key: reprs get into tracebacks.
        return f"<Request {self.method} {self.url.partition('?')[0]}>"


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999 is valid JSON, but a float cannot represent it
        raise ValueError(text)
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_strict = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in a streamed body, during which other tasks and threads can run."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Abort:
    """No answer, or its end: the client's HTTP library raises an exception.

    Attributes:
        kind: the class name of the exception in httpx and httpx2: `ConnectError`, `ReadTimeout`, `ReadError`,
            `RemoteProtocolError`, ...; other libraries raise their equivalent.
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
        headers: name and value pairs, in order.
        body: the whole body; ignored if `stream` is given.
        stream: the body in pieces, pulled only as fast as the app reads, one piece at a time.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    stream: Iterator[Chunk] | None = None


class Observer(Protocol):
    """Sees the answer to a forwarded request pass.

    Every call happens on the app's own thread or task.
    """

    def started(self, status: int, headers: Headers) -> None:
        """Handle the status and headers of the answer."""

    def chunk(self, data: bytes) -> None:
        """Handle a piece of the body, as received (possibly compressed)."""

    def ended(self) -> None:
        """Handle the end of the body."""

    def broken(self, error: BaseException | Abort | None) -> None:
        """Handle a missing or incomplete answer.

        Args:
            error: an exception of httpx, or an `Abort` with its name; None if the app closed the answer early.
        """


@dataclass(frozen=True, slots=True)
class Forward:
    """Let the request out to its real destination."""

    observer: Observer | None = None


Answer = Response | Forward | Abort


class HostRules(NamedTuple):
    """Which requests are answered here; see `understudy._http.hosts.is_ours`.

    Attributes:
        hosts: host names always answered; a leading `*.` matches any subdomain, and `name:port` only that port.
        pass_hosts: host names never answered, whatever the headers.
    """

    hosts: tuple[str, ...] = ("api.openai.com", "*.openai.azure.com", "*.services.ai.azure.com")
    pass_hosts: tuple[str, ...] = ()


def host_names(given: Sequence[str]) -> tuple[str, ...]:
    """Return the host names of a setting `hosts=`.

    Raises:
        TypeError: a single name instead of a list, which would count as a list of letters.
    """
    if isinstance(given, str):
        raise TypeError(f"hosts={given!r}: expected a list of host names: write [{given!r}]")
    return tuple(given)


class Handler(Protocol):
    """Answers requests. It is called from any thread, and does its own locking."""

    @property
    def rules(self) -> HostRules:
        """Which requests it answers."""

    def handle(self, request: Request) -> Answer:
        """Answer one request.

        Never raises: errors are kept, and raised again at the end of the test.
        """


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request that the app sent, as kept in a request log.

    Attributes:
        method, path: as sent; the path is the API path (`/threads/...`), without any prefix.
        json: the body as JSON; None if there was none, or it is not JSON (an upload), or nested too deeply.
        headers: with lower-case names; for a repeated header, the last value.
    """

    method: str
    path: str
    body: bytes = field(repr=False)
    sent_headers: Headers = field(repr=False)

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body) if self.body else None
        except (ValueError, RecursionError):
            return None

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.sent_headers}
