"""One adapter for httpx and httpx2: the library is a parameter.

Sync and async differ only in how bytes are read and how to wait; all decisions are in the handler, shared by both.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Generator, Iterator
from functools import cache, partial
from types import ModuleType
from typing import Any

from understudy._common.messages import (
    Abort,
    Answer,
    Chunk,
    Forward,
    Handler,
    Observer,
    Pause,
    Request,
    Response,
    text_headers,
)
from understudy._http.current import forwarding, handler_for
from understudy._http.hosts import ours_by_headers, ours_by_host
from understudy._http.neighbours import another_answers
from understudy.errors import NotSimulated, envelope


def hook_of(lib: ModuleType, original: Any) -> Any:
    """Return the replacement of a client class's `_transport_for_url`.

    `original`: the method that it replaces; None in versions without one.
    """
    intercepting = transport_class(lib)
    stays = (lib.MockTransport, intercepting)  # chosen by the user, and by us
    is_mocked = partial(another_answers, lib)

    def _transport_for_url(self: Any, url: Any) -> Any:
        transport = original(self, url) if original is not None else self._transport
        handler = handler_for(self, is_mocked)
        return transport if handler is None or isinstance(transport, stays) else intercepting(handler, transport)

    return _transport_for_url


@cache
def transport_class(lib: ModuleType) -> Any:
    """Return the transport class for a library.

    An instance wraps the transport that the client would have used.
    """
    body_class = _body_class(lib)
    tee_class = _tee_class(lib)

    class Intercepting(lib.BaseTransport, lib.AsyncBaseTransport):  # type: ignore[name-defined,misc]
        __slots__ = ("handler", "inner")

        def __init__(self, handler: Handler, inner: Any = None) -> None:
            self.handler = handler
            self.inner = inner  # None: this client has no network

        def handle_request(self, request: Any) -> Any:
            if not self._ours(request):
                return self.inner.handle_request(request)
            request.read()
            answer = self._answer(request)
            if not isinstance(answer, Forward):
                return self._finish(answer, request)
            try:
                with forwarding():
                    response = self.inner.handle_request(request)
            except BaseException as error:
                _report_broken(answer.observer, error)
                raise
            return _observe(response, answer.observer)

        async def handle_async_request(self, request: Any) -> Any:
            if not self._ours(request):
                return await self.inner.handle_async_request(request)
            await request.aread()
            answer = self._answer(request)
            if not isinstance(answer, Forward):
                return self._finish(answer, request)
            try:
                with forwarding():  # openai[aiohttp]: the layer below must not ask again
                    response = await self.inner.handle_async_request(request)
            except BaseException as error:
                _report_broken(answer.observer, error)
                raise
            return _observe(response, answer.observer)

        def _ours(self, request: Any) -> bool:
            if self.inner is None:
                return True
            ours = ours_by_host(request.url.host, request.url.port, self.handler.rules)
            return ours_by_headers(request.headers) if ours is None else ours

        def _answer(self, sent: Any) -> Answer:
            request = Request(sent.method, str(sent.url), sent.headers.raw, sent.content)
            answer = self.handler.handle(request)
            return _no_way_out(request) if isinstance(answer, Forward) and self.inner is None else answer

        def _finish(self, answer: Answer, request: Any) -> Any:
            if isinstance(answer, Abort):
                raise _exception(lib, answer, request)
            assert isinstance(answer, Response)
            if answer.stream is None:
                return lib.Response(answer.status, headers=answer.headers, content=answer.body)
            assert isinstance(answer.stream, Generator)  # so the handler learns if the app closes it early
            stream = body_class(answer.stream, request)
            return lib.Response(answer.status, headers=answer.headers, stream=stream)

    def _observe(response: Any, observer: Observer | None) -> Any:
        if observer is not None:
            observer.started(response.status_code, text_headers(response.headers.raw))
            if response.is_stream_consumed:  # by a transport of the app that logs or caches: it is not read again
                observer.chunk(response.content)
                observer.ended()
            else:
                response.stream = tee_class(response.stream, observer)
        return response

    return Intercepting


def _no_way_out(request: Request) -> Response:
    return envelope(
        NotSimulated(
            f"{request.method} {request.path} is passed through (pass_through), but a client of backend.client() has no "
            "network connection. Send it with a client that the app builds itself."
        )
    )


def _report_broken(observer: Observer | None, error: BaseException | None) -> None:
    if observer is not None:
        observer.broken(error)


def _exception(lib: ModuleType, abort: Abort, request: Any) -> Exception:
    exception: Exception = getattr(lib, abort.kind)(abort.message, request=request)
    return exception


@cache
def _body_class(lib: ModuleType) -> Any:
    class Body(lib.SyncByteStream, lib.AsyncByteStream):  # type: ignore[name-defined,misc]
        """A body that is read lazily.

        Only once: openai 3.x iterates a stream a second time after `[DONE]`, to drain it.
        """

        def __init__(self, chunks: Generator[Chunk, None, None], request: Any) -> None:
            self._chunks = chunks
            self._request = request

        def __iter__(self) -> Iterator[bytes]:
            for chunk in self._chunks:
                if isinstance(chunk, bytes):
                    yield chunk
                elif isinstance(chunk, Pause):
                    time.sleep(chunk.seconds)
                else:
                    raise _exception(lib, chunk, self._request)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            import anyio

            for chunk in self._chunks:
                if isinstance(chunk, bytes):
                    yield chunk
                elif isinstance(chunk, Pause):
                    await anyio.sleep(chunk.seconds)
                else:
                    raise _exception(lib, chunk, self._request)

        def close(self) -> None:
            self._chunks.close()

        async def aclose(self) -> None:
            self.close()

    return Body


@cache
def _tee_class(lib: ModuleType) -> Any:
    class Tee(lib.SyncByteStream, lib.AsyncByteStream):  # type: ignore[name-defined,misc]
        """Passes a live body through, showing each chunk to an observer first."""

        def __init__(self, inner: Any, observer: Observer) -> None:
            self._inner = inner
            self._observer = observer
            self._over = False

        def __iter__(self) -> Iterator[bytes]:
            try:
                for chunk in self._inner:
                    self._observer.chunk(chunk)
                    yield chunk
            except Exception as error:
                self._break(error)
                raise
            self._end()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for chunk in self._inner:
                    self._observer.chunk(chunk)
                    yield chunk
            except Exception as error:
                self._break(error)
                raise
            self._end()

        def close(self) -> None:
            self._break(None)
            self._inner.close()

        async def aclose(self) -> None:
            self._break(None)
            await self._inner.aclose()

        def _end(self) -> None:
            if not self._over:
                self._over = True
                self._observer.ended()

        def _break(self, error: Exception | None) -> None:
            if not self._over:
                self._over = True
                self._observer.broken(error)

    return Tee
