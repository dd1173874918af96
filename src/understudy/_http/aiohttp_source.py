"""Sources of response bodies for aiohttp, and the exceptions it raises."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from understudy._common.messages import Abort, Observer, Response
from understudy._http.http1 import pieces

# Failures before the request is sent; all others occur when the response is read.
_WHILE_CONNECTING = frozenset({"ConnectError", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


class Source(Protocol):
    """A body, read piece by piece, on demand."""

    async def piece(self) -> bytes | None:
        """Return the next piece; None at the end.

        Raises the exceptions that aiohttp raises when a body breaks off.
        """

    def close(self) -> None:
        """Discard the rest."""


class Answered:
    """The body of a handler's response."""

    def __init__(self, answer: Response, read_timeout: float | None) -> None:
        self._chunks: Any = pieces(answer)
        self._read_timeout = read_timeout

    async def piece(self) -> bytes | None:
        for chunk in self._chunks:
            if isinstance(chunk, bytes):
                return chunk
            if isinstance(chunk, Abort):
                raise body_error(chunk)
            await self._wait(chunk.seconds)
        return None

    async def _wait(self, seconds: float) -> None:
        if self._read_timeout and self._read_timeout < seconds:
            await asyncio.sleep(self._read_timeout)
            raise body_error(Abort("ReadTimeout", ""))
        await asyncio.sleep(seconds)

    def close(self) -> None:
        self._chunks.close()


class Observed:
    """The body of a real response, passed on to an observer as it is read."""

    def __init__(self, payload: Any, observer: Observer) -> None:
        self._payload = payload
        self._observer = observer
        self._is_over = False

    async def piece(self) -> bytes | None:
        try:
            data: bytes = await self._payload.readany()
        except BaseException as error:
            self._end(partial(self._observer.broken, kind(error)))
            raise
        if data:
            self._observer.chunk(data)
            return data
        self._end(self._observer.ended)
        return None

    def close(self) -> None:
        self._end(partial(self._observer.broken, None))

    def _end(self, report: Callable[[], object]) -> None:
        if not self._is_over:
            self._is_over = True
            report()


def connection_error(abort: Abort, request: Any) -> Exception:
    """Return the exception that aiohttp raises without a response."""
    import aiohttp

    if abort.kind == "ConnectTimeout":
        return aiohttp.ConnectionTimeoutError(f"Connection timeout to host {request.url}")
    if abort.kind in _WHILE_CONNECTING:
        refused = ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return aiohttp.ClientConnectorError(request.connection_key, refused)
    if "Timeout" in abort.kind:
        return aiohttp.SocketTimeoutError("Timeout on reading data from socket")
    if "Protocol" in abort.kind:
        return aiohttp.ServerDisconnectedError()
    return aiohttp.ClientOSError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))


def body_error(abort: Abort) -> Exception:
    """Return the exception that aiohttp raises if a body breaks off."""
    import aiohttp

    if "Timeout" in abort.kind:
        return aiohttp.SocketTimeoutError("Timeout on reading data from socket")
    return aiohttp.ClientPayloadError(f"Response payload is not completed: {abort.message}")


def kind(error: BaseException, *, connecting: bool = False) -> Abort:
    """Translate an exception of aiohttp into httpx's terms."""
    names = {one.__name__ for one in type(error).__mro__}
    stage = "Connect" if connecting else "Read"
    if isinstance(error, TimeoutError):
        return Abort(f"{stage}Timeout", str(error))
    if names & {"ServerDisconnectedError", "ClientPayloadError"}:
        return Abort("RemoteProtocolError", str(error))
    return Abort(f"{stage}Error", str(error))
