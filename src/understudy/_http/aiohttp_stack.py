"""aiohttp's client, and libraries based on it.

For example azure-core's AioHttpTransport.

The connector is asked for a connection once the head of the request is known. For an API request it returns one whose
transport leads to the handler. The response is read through our own reader, which asks for the next piece when the app wants
it: aiohttp's own is fed eagerly by the loop, but a simulated stream must not advance before the app reads on.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector
from aiohttp.connector import Connection as AiohttpConnection
from aiohttp.http import HttpVersion11, RawResponseMessage
from aiohttp.streams import StreamReader
from multidict import CIMultiDict, CIMultiDictProxy

from understudy._common.messages import Abort, Answer, Forward, Handler, Headers, Observer, Response, text_headers
from understudy._http.aiohttp_source import Answered, Observed, Source, connection_error, kind
from understudy._http.answering import handler_of_request, lower_case
from understudy._http.current import forwarding
from understudy._http.http1 import ServerSide, reason_of
from understudy._http.patching import Undo, wrap


def patches() -> Iterator[Undo]:
    """Make every connector look for a handler before it returns a connection."""
    yield wrap(BaseConnector, "connect", _wrap_connect)


def _wrap_connect(original: Callable[..., Any]) -> Callable[..., Any]:
    async def connect(self: Any, req: Any, traces: Any, timeout: Any) -> Any:
        handler = handler_of_request(self, req.url.host or "", req.url.port, lower_case(req.headers.items()))
        if handler is None:
            return await original(self, req, traces, timeout)

        async def connect_to_network() -> Any:
            with forwarding():
                return await original(self, req, traces, timeout)

        return Connection(self, req, handler, connect_to_network)

    return connect


class Transport(asyncio.Transport):
    """Takes what aiohttp writes, and passes the complete request to the handler.

    Attributes:
        server: parses the request.
        answers: those to the request; before it is complete, that the client may continue (100).
    """

    def __init__(self, handler: Handler, origin: str) -> None:
        super().__init__()
        self.server = ServerSide(origin)
        self.answers: asyncio.Queue[Answer | Exception] = asyncio.Queue()
        self._handler = handler
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        try:
            request = self.server.feed(bytes(data))
        except Exception as error:  # h11 says this is not HTTP: raised where the app waits for the answer
            self.answers.put_nowait(error)
            return
        if request is not None:
            self.answers.put_nowait(self._handler.handle(request))
        elif self.server.expects_continue:
            self.server.send_continue()
            self.answers.put_nowait(Response(100))

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True
        self.answers.put_nowait(Abort("RemoteProtocolError", "the connection was closed"))

    abort = close

    def pause_reading(self) -> None:
        """Do nothing: only requested data arrives."""

    resume_reading = pause_reading


def _message(status: int, headers: Headers) -> Any:
    """Return the head of a response, as the parser of aiohttp does."""
    raw = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
    return RawResponseMessage(
        version=HttpVersion11,
        code=status,
        reason=reason_of(status),
        headers=CIMultiDictProxy(CIMultiDict(headers)),
        raw_headers=raw,
        should_close=True,
        compression=None,
        upgrade=False,
        chunked=False,
    )


class PullingReader(StreamReader):
    """Asks its source for the next piece when the app waits for one, not earlier."""

    def __init__(self, protocol: Any, source: Source, is_chunked: bool, **settings: Any) -> None:
        super().__init__(protocol, **settings)
        self._source = source
        self._is_chunked = is_chunked
        if is_chunked:
            self.begin_http_chunk_receiving()

    async def _wait(self, func_name: str) -> None:  # noqa: ARG002
        with self._timer:
            await self.pull()

    async def wait_eof(self) -> None:
        while not self._eof:
            await self.pull()

    async def pull(self) -> None:
        try:
            piece = await self._source.piece()
        except Exception as error:
            self.set_exception(error)
            raise
        if piece is None:
            self.feed_eof()
            return
        self.feed_data(piece, len(piece))
        if self._is_chunked:
            self.end_http_chunk_receiving()


class Protocol(ResponseHandler):
    """Gives aiohttp the head of a response, and a reader for its body."""

    def __init__(self, request: Any, transport: Transport, connect_to_network: Callable[[], Any]) -> None:
        super().__init__(asyncio.get_running_loop())
        self._client_request = request
        self._connect_to_network = connect_to_network
        self._params: dict[str, Any] = {}
        self._source: Source | None = None
        self._forwarded: Any = None  # the real connection, if the request was forwarded
        self.connection_made(transport)

    def set_response_params(self, **params: Any) -> None:
        self._params = params

    async def read(self) -> Any:
        transport: Any = self.transport
        answer = await transport.answers.get()
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Forward):
            return await self._forward(answer.observer)
        if isinstance(answer, Abort):
            raise connection_error(answer, self._client_request)
        return (_message(100, ()), None) if answer.status == 100 else await self._respond(answer)

    async def _respond(self, answer: Response) -> Any:
        is_streamed = answer.stream is not None
        framed = ("transfer-encoding", "chunked") if is_streamed else ("content-length", str(len(answer.body)))
        if self._params.get("skip_payload"):
            answer = Response(answer.status, answer.headers)
        reader = self._reader(Answered(answer, self._params.get("read_timeout")), is_streamed)
        while not is_streamed and not reader.is_eof():
            await reader.pull()
        return _message(answer.status, (*answer.headers, framed)), reader

    async def _forward(self, observer: Observer | None) -> Any:
        try:
            message, payload = await self._exchange()
        except BaseException as error:
            if observer is not None:
                observer.broken(kind(error, connecting=self._forwarded is None))
            raise
        if observer is None:
            return message, payload
        observer.started(message.code, self._as_read(message))
        return message, self._reader(Observed(payload, observer), bool(message.chunked))

    async def _exchange(self) -> Any:
        self._forwarded = await self._connect_to_network()
        real, sent = self._forwarded.protocol, self.transport.server.sent  # type: ignore[union-attr]
        real.set_response_params(**self._params)
        real.transport.write(bytes(sent))
        real.start_timeout()
        while True:
            message, payload = await real.read()
            if message.code >= 200:
                return message, payload

    def _as_read(self, message: Any) -> Headers:
        """Return the headers of the body as the app reads it.

        aiohttp has decompressed it.
        """
        headers = text_headers(message.raw_headers)
        if not self._params.get("auto_decompress", True):
            return headers
        return tuple((name, value) for name, value in headers if name.lower() != "content-encoding")

    def _reader(self, source: Source, is_chunked: bool) -> Any:
        self._source = source
        limit, timer = self._params.get("read_bufsize", 2**16), self._params.get("timer")
        return PullingReader(self, source, is_chunked, limit=limit, timer=timer, loop=self._loop)

    def finish(self, *, is_reusable: bool) -> None:
        """Release the connection; the app does not want the unread rest."""
        if self._source is not None:
            self._source.close()
        if self._forwarded is not None:
            self._forwarded.release() if is_reusable else self._forwarded.close()
        self.close()


class Connection(AiohttpConnection):
    """A connection to the handler.

    It does not count against the limits of the connector, and is never kept alive.
    """

    def __init__(self, connector: Any, request: Any, handler: Handler, connect_to_network: Callable[[], Any]) -> None:
        transport = Transport(handler, str(request.url.origin()))
        protocol = Protocol(request, transport, connect_to_network)
        super().__init__(connector, request.connection_key, protocol, asyncio.get_running_loop())

    def close(self) -> None:
        self._give_up(is_reusable=False)

    def release(self) -> None:
        self._give_up(is_reusable=True)

    def _give_up(self, *, is_reusable: bool) -> None:
        self._notify_release()
        protocol: Any = self._protocol
        self._protocol = None
        if protocol is not None:
            protocol.finish(is_reusable=is_reusable)


class _NoEvents:
    """The selector of a loop without anything to wait for."""

    def select(self, timeout: float | None = None) -> list[Any]:  # noqa: ARG002
        return []

    def close(self) -> None:
        """Do nothing: nothing is open."""


class _SocketlessLoop(asyncio.BaseEventLoop):
    """A loop for the self-test, without sockets, which a test may have forbidden."""

    _selector = _NoEvents()

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: there are no events."""

    def _write_to_self(self) -> None:
        """Do nothing: no one waits to be woken."""


def probe(host: str) -> int:
    """Return the status of a request to `host`; 0 if it would have been sent.

    In a thread of its own, as this one may run a loop.
    """
    found: list[int] = []

    def run() -> None:
        with asyncio.Runner(loop_factory=_SocketlessLoop) as runner:
            found.append(runner.run(_probe(host)))

    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: context.run(run))
    thread.start()
    thread.join()
    return found[0] if found else 0


async def _probe(host: str) -> int:
    import aiohttp

    class Deaf(aiohttp.BaseConnector):
        async def _create_connection(self, *_: Any) -> Any:
            raise NotImplementedError

    async with aiohttp.ClientSession(connector=Deaf(), cookie_jar=aiohttp.DummyCookieJar()) as session:
        try:
            async with session.get(f"http://{host}/") as response:
                await response.read()
                return response.status
        except NotImplementedError:
            return 0
