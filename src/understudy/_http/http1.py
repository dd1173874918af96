"""HTTP/1.1 as bytes, read and written by h11: for the libraries that are answered where their socket was.

There the library goes on doing all that it does with a real connection (framing, timeouts, retries, its own exceptions),
and what it does not know is only that nobody is at the other end.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import h11

from understudy._common.messages import Abort, Chunk, Observer, Request, Response, text_headers

_MOST_HEADERS = 1 << 20  # bytes; a server's own limit is none of ours to test
_WITHOUT_BODY = (204, 304)


class ServerSide:
    """The other end of one connection, for one request.

    Attributes:
        sent: all that the library has sent so far, to be sent again where a request is let out.
    """

    def __init__(self, origin: str) -> None:
        """Take the scheme and authority that the request target lacks, such as `https://api.openai.com`."""
        self._origin = origin
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADERS)
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self.sent = bytearray()

    def feed(self, data: bytes) -> Request | None:
        """Take what the library sends; the request, once it is complete."""
        self.sent += data
        self._connection.receive_data(data)
        while (event := self._connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                return self._request()
        return None

    @property
    def wants_to_go_on(self) -> bool:
        """Say whether the library waits for a `100 Continue` before it sends the body."""
        return self._connection.they_are_waiting_for_100_continue

    def go_on(self) -> None:
        """Answer `100 Continue`."""
        self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))

    def _request(self) -> Request:
        assert self._head is not None
        target = self._head.target.decode("latin-1")
        url = target if "://" in target.partition("?")[0] else self._origin + target
        return Request(self._head.method.decode("ascii"), url, tuple(self._head.headers.raw_items()), b"".join(self._body))

    def written(self, answer: Response) -> Generator[Chunk, None, None]:
        """Return the answer as bytes, piece by piece; a piece of a streamed body is asked for only when it is wanted.

        The connection ends with it: who comes back builds a new one, which is asked anew.
        """
        headers = [(name, value.strip()) for name, value in answer.headers] + [("connection", "close")]
        if answer.stream is None:
            headers.append(("content-length", str(len(answer.body))))
        yield self._bytes(h11.Response(status_code=answer.status, headers=headers, reason=reason_of(answer.status)))
        assert self._head is not None
        if self._head.method == b"HEAD" or answer.status in _WITHOUT_BODY:
            return
        for chunk in pieces(answer):
            yield self._bytes(h11.Data(data=chunk)) if isinstance(chunk, bytes) else chunk
        if ending := self._bytes(h11.EndOfMessage()):
            yield ending

    def _bytes(self, event: Any) -> bytes:
        return bytes(self._connection.send(event) or b"")


def pieces(answer: Response) -> Iterator[Chunk]:
    """Return the body of an answer, piece by piece; the handler learns it if nobody reads to the end."""
    if answer.stream is None:
        if answer.body:
            yield answer.body
        return
    try:
        yield from answer.stream
    finally:
        close = getattr(answer.stream, "close", None)
        if close is not None:
            close()


def reason_of(status: int) -> str:
    """Return what is written behind a status; empty for one that has no name."""
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Tee:
    """Shows the answer that comes over a real connection to an observer, while the library reads the same bytes."""

    def __init__(self, method: str, observer: Observer) -> None:
        self._observer = observer
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADERS)
        self._connection.send(h11.Request(method=method, target="/", headers=[("host", "sent.before")]))
        self._connection.send(h11.EndOfMessage())
        self._is_over = False

    def saw(self, data: bytes) -> None:
        """Bytes arrived; `b""` is the end of the connection."""
        if self._is_over:
            return
        try:
            self._connection.receive_data(data)
            while (event := self._connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED) and not self._is_over:
                self._show(event)
        except h11.RemoteProtocolError as error:
            self.broke(Abort("RemoteProtocolError", str(error)))

    def _show(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            self._observer.started(event.status_code, text_headers(tuple(event.headers.raw_items())))
        elif isinstance(event, h11.Data):
            self._observer.chunk(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._is_over = True
            self._observer.ended()
        elif isinstance(event, h11.ConnectionClosed):
            self.broke(Abort("RemoteProtocolError", "Server disconnected without sending a response."))

    def broke(self, reason: Abort | None) -> None:
        """The answer broke off, for a reason or (None) because the app closed it early."""
        if not self._is_over:
            self._is_over = True
            self._observer.broken(reason)
