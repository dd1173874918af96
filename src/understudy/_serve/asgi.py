"""A handler as an ASGI application. Streams go out unjoined: one chunk of the service, one message to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from understudy._common.messages import Abort, Answer, Chunk, Forward, Pause, Request, Response
from understudy.errors import UnderstudyError, envelope

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """The ASGI application.

    Args:
        handle: answers every request: a handler's `handle`.
        admin: answers requests under `/_understudy/`, see `admin.py`; None for no such route.
    """

    def __init__(self, handle: Callable[[Request], Answer], admin: Callable[[Request], Response] | None = None) -> None:
        self._handle = handle
        self._admin = admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = await _request(scope, receive)
        answer: Answer
        if self._admin is not None and scope["path"].startswith("/_understudy/"):
            answer = self._admin(request)
        else:
            answer = self._handle(request)
        if isinstance(answer, Abort):
            await _hang_up(receive, send)
            return
        if isinstance(answer, Forward):
            answer = envelope(UnderstudyError(f"{request.path} is let out (pass_through), but a server forwards nothing"))
        await _send(answer, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _request(scope: Scope, receive: Receive) -> Request:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    host = next((value for name, value in headers if name == "host"), "localhost")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    url = f"{scope['scheme']}://{host}{path.decode('latin-1')}" + (f"?{query.decode('latin-1')}" if query else "")
    return Request(scope["method"], url, headers, bytes(body))


async def _send(response: Response, receive: Receive, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})
        return
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    gone = asyncio.ensure_future(receive())  # after the body of the request comes only that the client has left
    try:
        if not await _send_stream(response.stream, send, gone):
            await _hang_up(receive, send)
    except asyncio.CancelledError:
        return  # the server stops; the run goes on, as it does when a client leaves [INF]
    finally:
        gone.cancel()


async def _hang_up(receive: Receive, send: Send) -> None:
    """Close the connection where it stands. ASGI has no message for that; uvicorn's `send` is a method of what can."""
    exchange: Any = send
    exchange.__self__.transport.close()
    await receive()  # that it is closed: then uvicorn does not ask for the rest of the answer


async def _send_stream(stream: Iterator[Chunk], send: Send, gone: asyncio.Future[Any]) -> bool:
    """Whether the stream came to its end, or the client left first; not so when it breaks off."""
    for chunk in stream:
        if isinstance(chunk, Abort):
            return False
        if isinstance(chunk, Pause):
            await asyncio.wait({gone}, timeout=chunk.seconds)
        else:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)  # let other connections have their turn between two events
        if gone.done():
            return True
    await send({"type": "http.response.body", "body": b""})
    return True
