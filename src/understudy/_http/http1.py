"""HTTP/1.1 as bytes, by h11, for libraries that are hooked at their sockets.

The library goes on doing all that it does with a real connection (framing, timeouts, retries, its own exceptions), without
noticing that the other end is not a server.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import h11

from understudy._common.messages import Abort, Chunk, Observer, Request, Response, text_headers

_MAX_HEADER_BYTES = 1 << 20  # bytes; a server's own limit is not for us to test
_WITHOUT_BODY = (204, 304)


class ServerSide:
    """The server's end of one connection, for one request.

    Attributes:
        sent: all bytes that the library has sent so far, to send them again if the request is forwarded.
    """

    def __init__(self, origin: str) -> None:
        """Create the server's end.

        `origin`: the scheme and authority that request targets lack, such as `https://api.openai.com`.
        """
        self._origin = origin
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self.sent = bytearray()

    def feed(self, data: bytes) -> Request | None:
        """Process bytes from the library; return the request once it is complete."""
        if not data:  # to h11, the end of the connection
            return None
        self.sent += data
        self._connection.receive_data(data)
        while (event := self._connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
            else:  # the end of the request
                return self._request()
        return None

    @property
    def expects_continue(self) -> bool:
        """Whether the library waits for `100 Continue` before it sends the body."""
        return self._connection.they_are_waiting_for_100_continue

    def send_continue(self) -> None:
        """Respond with `100 Continue`."""
        self._connection.send(h11.InformationalResponse(status_code=100, headers=[]))

    def _request(self) -> Request:
        assert self._head is not None
        target = self._head.target.decode("latin-1")
        url = target if "://" in target.partition("?")[0] else self._origin + target
        return Request(self._head.method.decode("ascii"), url, tuple(self._head.headers.raw_items()), b"".join(self._body))

    def response_bytes(self, answer: Response) -> Generator[Chunk, None, None]:
        """Yield the response as bytes, piece by piece.

        A piece of a streamed body is only requested when it is wanted. The connection ends with the response: the
        next request uses a new one, and looks for its handler again.
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
    """Yield the body of a response, piece by piece.

    The handler's stream is closed, even if it is not read to its end.
    """
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
    """Return the reason phrase of a status; empty for an unknown status."""
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class Tee:
    """Passes the response of a real connection on to an observer.

    The library reads the same bytes.
    """

    def __init__(self, method: str, observer: Observer) -> None:
        self._observer = observer
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_BYTES)
        self._connection.send(h11.Request(method=method, target="/", headers=[("host", "sent.before")]))
        self._connection.send(h11.EndOfMessage())
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Process bytes that arrived; `b""` is the end of the connection."""
        if self._is_over:
            return
        try:
            self._connection.receive_data(data)
            while (event := self._connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED) and not self._is_over:
                self._show(event)
        except h11.RemoteProtocolError as error:
            self.break_off(Abort("RemoteProtocolError", str(error)))

    def _show(self, event: Any) -> None:
        if isinstance(event, h11.Response):
            self._observer.started(event.status_code, text_headers(tuple(event.headers.raw_items())))
        elif isinstance(event, h11.Data):
            self._observer.chunk(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            self._is_over = True
            self._observer.ended()

    def break_off(self, reason: Abort | None) -> None:
        """Report that the response broke off.

        `reason`: None if the app closed it early.
        """
        if not self._is_over:
            self._is_over = True
            self._observer.broken(reason)
