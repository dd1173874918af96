"""An ASGI application over plain requests and answers.

Streams are not joined: each chunk of the service is one message to the server, and one chunk of HTTP. What is written
before other connections proceed leaves in one piece, though: a call of the system costs more than an event.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from understudy._common.messages import Abort, Answer, Chunk, Forward, Headers, Pause, Request, Response
from understudy.errors import UnderstudyError, envelope

MAX_BODY_BYTES = 640 << 20  # the API takes files of up to 512 MiB, which an admin verb sends as base64

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class LiveResponse:
    """A response whose body arrives while it is sent: live events, another server.

    Attributes:
        status: the HTTP status code.
        headers: name and value pairs, in order.
        stream: the body, piece by piece. It is closed when the client disconnects; an exception in it breaks
            the connection off, as its source did.
    """

    status: int
    headers: Headers
    stream: AsyncIterator[bytes]


ServedAnswer = Answer | LiveResponse
EVENTS_A_TURN = 8  # of a stream, before other connections proceed: a turn of the event loop costs more than an event


class HeldTransport:
    """The transport of an exchange; what is written in a turn leaves at once.

    ASGI has no word for that, so it takes the place of the transport in uvicorn's exchange, whose method
    `send` is. With another server it holds nothing.

    Args:
        send: of the exchange.
    """

    def __init__(self, send: Send) -> None:
        self._held: list[bytes] = []
        self._holds = True
        exchange: Any = getattr(send, "__self__", None)
        self._transport: Any = getattr(exchange, "transport", None)
        if self._transport is not None:
            exchange.transport = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self._held.append(data)
        if not self._holds:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            data = self._held[0] if len(self._held) == 1 else b"".join(self._held)
            self._held.clear()
            self._transport.write(data)

    def release(self) -> None:
        """Hold nothing from now on: what is held goes with what is written next."""
        self._holds = False

    def close(self) -> None:
        self.flush()
        self._transport.close()


class Application:
    """The ASGI application.

    Args:
        handle: responds to every request.
        on_shutdown: called once, when the server has stopped accepting requests.
    """

    def __init__(
        self,
        handle: Callable[[Request], Awaitable[ServedAnswer]],
        on_shutdown: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._handle = handle
        self._on_shutdown = on_shutdown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        body = await _body(scope, receive)
        if body is None:
            await _refuse_size(send)
            return
        request = _request(scope, body)
        answer = await self._handle(request)
        if isinstance(answer, Abort):
            await _hang_up(receive, send)
            return
        if isinstance(answer, Forward):
            text = f"{request.path} is passed through (pass_through), but a served simulator cannot forward requests"
            answer = envelope(UnderstudyError(text))
        if isinstance(answer, LiveResponse):
            await _send_live(answer, receive, send)
        else:
            await _send(answer, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            ends = message["type"] == "lifespan.shutdown"
            if ends and self._on_shutdown is not None:
                await self._on_shutdown()
            await send({"type": f"{message['type']}.complete"})
            if ends:
                return


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body of a request; None if it is larger than any could be."""
    if int(dict(scope["headers"]).get(b"content-length", 0)) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _refuse_size(send: Send) -> None:
    text = f"the body of this request is larger than {MAX_BODY_BYTES >> 20} MiB, more than any operation takes"
    refusal = json.dumps({"error": {"message": text, "type": "invalid_request_error", "param": None, "code": None}}).encode()
    kind = (("content-type", "application/json"), ("connection", "close"), ("content-length", str(len(refusal))))
    await send(_start(413, kind))
    await send({"type": "http.response.body", "body": refusal})


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple(scope["headers"])  # as they came: few are ever asked for, so few are decoded
    host = dict(headers).get(b"host", b"localhost").decode("latin-1")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    tail = f"?{query.decode('latin-1')}" if query else ""
    url = f"{scope['scheme']}://{host}{path.decode('latin-1')}{tail}"
    return Request(scope["method"], url, headers, body)


def _start(status: int, headers: Headers) -> dict[str, Any]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}


async def _send(response: Response, receive: Receive, send: Send) -> None:
    held = HeldTransport(send)
    if response.stream is None:
        length = ("content-length", str(len(response.body)))
        await send(_start(response.status, (*response.headers, length)))
        held.release()
        await send({"type": "http.response.body", "body": response.body})
        return
    await send(_start(response.status, response.headers))
    gone = asyncio.ensure_future(receive())  # after the body of the request, the only message is the disconnect
    try:
        if not await _send_stream(response.stream, send, held, gone):
            await _hang_up(receive, send)
    except asyncio.CancelledError:
        return  # the server stops; the run goes on, as after a disconnect [INF]
    finally:
        held.flush()
        gone.cancel()


async def _hang_up(receive: Receive, send: Send) -> None:
    """Close the connection at once.

    ASGI has no message for that, but uvicorn's `send` is a method of an object with the transport.
    """
    exchange: Any = send
    exchange.__self__.transport.close()
    await receive()  # the disconnect: then uvicorn does not expect the rest of the response


async def _send_stream(stream: Iterator[Chunk], send: Send, held: HeldTransport, gone: asyncio.Future[Any]) -> bool:
    """Return whether the stream ended or the client left; False if it broke off."""
    for number, chunk in enumerate(stream, 1):
        if isinstance(chunk, Abort):
            return False
        if isinstance(chunk, Pause):
            held.flush()
            await asyncio.wait({gone}, timeout=chunk.seconds)
        else:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if number % EVENTS_A_TURN == 0:
                held.flush()
                await asyncio.sleep(0)
        if gone.done():
            return True
    held.release()
    await send({"type": "http.response.body", "body": b""})
    return True


async def _send_live(response: LiveResponse, receive: Receive, send: Send) -> None:
    await send(_start(response.status, response.headers))
    gone = asyncio.ensure_future(receive())
    sending = asyncio.ensure_future(_send_pieces(response.stream, send))
    try:
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done() and not gone.done() and not sending.result():
            await _hang_up(receive, send)
    except asyncio.CancelledError:
        return  # the server stops
    finally:
        gone.cancel()
        sending.cancel()
        await asyncio.wait({sending})


async def _send_pieces(stream: AsyncIterator[bytes], send: Send) -> bool:
    """Return True at the end of the stream, False if it broke off."""
    try:
        async for piece in stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except Exception:
        return False
    finally:
        await stream.aclose()  # type: ignore[attr-defined]
    await send({"type": "http.response.body", "body": b""})
    return True
