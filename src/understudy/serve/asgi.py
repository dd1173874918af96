"""A handler as an ASGI application. Streams go out unjoined: one chunk of the service, one message to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from understudy.exchange import Abort, Answer, Chunk, Pause, Request, Response

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Aborted(Exception):
    """An answer that breaks off: the server closes the connection where it stands."""


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
        if scope["type"] != "http":
            return
        request = await _request(scope, receive)
        answer: Answer
        if self._admin is not None and scope["path"].startswith("/_understudy/"):
            answer = self._admin(request)
        else:
            answer = self._handle(request)
        if not isinstance(answer, Response):
            raise Aborted(getattr(answer, "message", "this server forwards nothing"))
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
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await _send_stream(response.stream, send, gone)
    except asyncio.CancelledError:
        return  # the server stops; the run goes on, as it does when a client leaves [INF]
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_stream(stream: Iterator[Chunk], send: Send, gone: asyncio.Future[None]) -> None:
    for chunk in stream:
        if isinstance(chunk, Abort):
            raise Aborted(chunk.message)
        if isinstance(chunk, Pause):
            await asyncio.wait({gone}, timeout=chunk.seconds)
        else:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)  # let other connections have their turn between two events
        if gone.done():
            return
    await send({"type": "http.response.body", "body": b""})
