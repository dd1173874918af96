"""http.client, and libraries based on it: urllib.request, urllib3, requests.

A connection gets our socket in place of a real one as soon as an API request is about to be sent on it. The library does the
rest itself, so bodies are read lazily and errors raised as always. urllib3 and requests need `urllib3_stack` as well.
"""

from __future__ import annotations

import errno
import io
import os
import socket
import time
from collections.abc import Callable, Generator, Iterator
from http import client as http_client  # while `http.client` is being imported, `http` has no such attribute yet
from typing import Any, Protocol

from understudy._common.messages import Abort, Answer, Chunk, Forward, Handler, Observer, Request, Response
from understudy._http.answering import handler_of_request, lower_case
from understudy._http.current import forwarding
from understudy._http.http1 import ServerSide, Tee
from understudy._http.patching import Undo, wrap

# While a vcrpy cassette is in use, these names refer to classes of vcrpy, which refer to the real ones.
HTTPConnection: Any = getattr(http_client.HTTPConnection, "_baseclass", http_client.HTTPConnection)
HTTPSConnection: Any = getattr(http_client.HTTPSConnection, "_baseclass", http_client.HTTPSConnection)

# Failures before the request is sent; all others occur when the response is read.
_WHILE_CONNECTING = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})


class Owner(Protocol):
    """What our socket needs from the library whose connection it is in.

    Attributes:
        connection: of http.client, or of a subclass.
    """

    connection: Any

    def connect(self) -> Any:
        """Connect to the network, and return the socket, as set in the connection."""

    def cannot_connect(self, abort: Abort) -> Exception:
        """Return the exception that this library raises if it cannot connect."""


class ConnectionOwner:
    """A connection of http.client itself."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def connect(self) -> Any:
        self.connection.connect()
        return self.connection.sock

    def cannot_connect(self, abort: Abort) -> Exception:
        if "Timeout" in abort.kind:
            return TimeoutError(abort.message)
        return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


class AnsweringSocket:
    """Takes the place of a connection's socket, and has a handler answer the request.

    Attributes:
        is_for_this_request: whether the handler was chosen for a known request; otherwise it is chosen when one is sent.
    """

    def __init__(self, handler: Handler, origin: str, owner: Owner, idle: Any = None, *, decided: bool = True) -> None:
        """Create the socket.

        `idle`: a real socket that the connection had kept alive, if any.
        """
        self.is_for_this_request = decided
        self._handler = handler
        self._owner = owner
        self._idle = idle
        self._server = ServerSide(origin)
        timeout = owner.connection.timeout  # or a sentinel for "not given"
        self._timeout: float | None = timeout if isinstance(timeout, int | float) else socket.getdefaulttimeout()
        self._answer: Generator[Chunk, None, None] | None = None

    def sendall(self, data: Any) -> None:
        """Process a piece of a request.

        A complete request is answered, or forwarded over a real connection.
        """
        if not self.is_for_this_request and not self._is_answered():
            self._owner.connection.sock = None
            self._owner.connect().sendall(data)
            return
        request = self._server.feed(bytes(data))
        if request is None:
            return
        answer: Answer = self._handler.handle(request)
        if isinstance(answer, Forward):
            self._forward(request, answer.observer)
        elif isinstance(answer, Abort):
            if answer.kind in _WHILE_CONNECTING:
                raise self._owner.cannot_connect(answer)
            self._answer = _only(answer)
        else:
            assert isinstance(answer, Response)
            self._answer = self._server.response_bytes(answer)

    def _is_answered(self) -> bool:
        """Return whether a handler answers what is sent without `request()`.

        That is, bytes given to the connection's `send`.
        """
        connection = self._owner.connection
        handler = handler_of_request(connection, *_destination(connection), {})
        if handler is None:
            return False
        self._handler, self.is_for_this_request = handler, True
        return True

    def _forward(self, request: Request, observer: Observer | None) -> None:
        connection = self._owner.connection
        try:
            connection.sock, self._idle = self._idle, None
            with forwarding():
                real = connection.sock or self._owner.connect()
            real.sendall(bytes(self._server.sent))
        except BaseException as error:
            if observer is not None:
                observer.broken(_kind(error, connecting=connection.sock is None))
            raise
        if observer is not None:
            connection.sock = _TeeSocket(real, connection, Tee(request.method, observer))

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Return the file from which the library reads the response."""
        return io.BufferedReader(_Answer(self._answer or _only(_NOTHING_SENT), lambda: self._timeout))

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    def close(self) -> None:
        """Close the real socket that was kept alive.

        The response can still be read, as with any socket.
        """
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def setsockopt(self, *_: Any) -> None:
        """Do nothing: only a network connection would have options."""

    shutdown = setsockopt


_NOTHING_SENT = Abort("ReadTimeout", "timed out")


def _only(chunk: Chunk) -> Generator[Chunk, None, None]:
    yield chunk


class _Answer(io.RawIOBase):
    """Reads a response, one piece at a time."""

    def __init__(self, chunks: Generator[Chunk, None, None], timeout: Callable[[], float | None]) -> None:
        self._chunks = chunks
        self._timeout = timeout
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            if isinstance(chunk, bytes):
                self._left = chunk
            elif isinstance(chunk, Abort):
                return self._break(chunk)
            else:
                self._wait(chunk.seconds)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def _break(self, abort: Abort) -> int:
        self._chunks.close()
        if "Timeout" in abort.kind:
            raise TimeoutError(abort.message)
        if "Protocol" in abort.kind:
            return 0  # the connection ends early, for which the library has its own exception
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    def _wait(self, seconds: float) -> None:
        limit = self._timeout()
        if limit is not None and limit < seconds:
            time.sleep(limit)
            raise TimeoutError("timed out")
        time.sleep(seconds)

    def close(self) -> None:
        self._chunks.close()
        super().close()


class _TeeSocket:
    """A real socket whose next response is observed.

    Everything else is delegated to the socket.
    """

    def __init__(self, real: Any, connection: Any, tee: Tee) -> None:
        self._real = real
        self._connection = connection
        self._tee = tee

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        self._connection.sock = self._real  # the connection may be kept alive for another request
        return io.BufferedReader(_Observed(self._real.makefile("rb", buffering=0), self._tee))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Observed(io.RawIOBase):
    def __init__(self, real: Any, tee: Tee) -> None:
        self._real = real
        self._tee = tee

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            size: int | None = self._real.readinto(buffer)
        except BaseException as error:
            self._tee.break_off(_kind(error))
            raise
        self._tee.feed(bytes(memoryview(buffer)[: size or 0]))
        return size

    def close(self) -> None:
        self._tee.break_off(None)
        self._real.close()
        super().close()


def _kind(error: BaseException, *, connecting: bool = False) -> Abort:
    """Translate an exception of these libraries or a socket into httpx's terms."""
    names = {kind.__name__ for kind in type(error).__mro__}
    timed_out = isinstance(error, TimeoutError) or ("ConnectTimeoutError" in names and "NewConnectionError" not in names)
    stage = "Connect" if connecting else "Read"
    return Abort(f"{stage}Timeout" if timed_out else f"{stage}Error", str(error))


# -- the patches ------------------------------------------------------------------


def patches() -> Iterator[Undo]:
    """Make every connection look for a handler before it connects or sends."""
    yield wrap(HTTPConnection, "_send_output", _wrap_send_output)
    yield wrap(HTTPConnection, "connect", _wrap_connect)
    yield wrap(HTTPSConnection, "connect", _wrap_connect)


def _wrap_send_output(original: Callable[..., None]) -> Callable[..., None]:
    def _send_output(self: Any, *args: Any, **kwargs: Any) -> None:
        sock = getattr(self, "sock", None)
        if not (isinstance(sock, AnsweringSocket) and sock.is_for_this_request):
            if isinstance(sock, AnsweringSocket):
                sock = self.sock = None
            origin, host, port, headers = _about_to_be_sent(self)
            handler = handler_of_request(self, host, port, headers)
            if handler is not None:
                self.sock = AnsweringSocket(handler, origin, ConnectionOwner(self), sock)
        original(self, *args, **kwargs)

    return _send_output


def _about_to_be_sent(connection: Any) -> tuple[str, str, int, dict[str, str]]:
    """Return the destination and headers of the request about to be sent.

    From the lines in the buffer: origin, host, port, headers.
    """
    first, *lines = connection._buffer  # noqa: SLF001  the only place with all of them
    headers = lower_case(_header(line) for line in lines if b":" in line)
    target = first.split(b" ")[1].decode("latin-1")
    if "://" in target.partition("?")[0]:  # to a proxy
        from urllib.parse import urlsplit

        url = urlsplit(target)
        origin = f"{url.scheme}://{url.netloc}"
        return origin, url.hostname or "", url.port or (443 if url.scheme == "https" else 80), headers
    return _origin(connection), *_destination(connection), headers


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.strip()


def _destination(connection: Any) -> tuple[str, int]:
    tunnel = getattr(connection, "_tunnel_host", None)  # the server, if there is a proxy
    host = tunnel or connection.host
    port = (connection._tunnel_port if tunnel else connection.port) or connection.default_port  # noqa: SLF001
    return host, port


def _origin(connection: Any) -> str:
    host, port = _destination(connection)
    scheme, default = ("https", 443) if isinstance(connection, HTTPSConnection) else ("http", 80)
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port == default else f":{port}")


def _wrap_connect(original: Callable[..., None]) -> Callable[..., None]:
    def connect(self: Any) -> None:
        host, port = _destination(self)
        handler = handler_of_request(self, host, port, {})
        if handler is None:
            original(self)
        else:
            self.sock = AnsweringSocket(handler, _origin(self), ConnectionOwner(self), decided=False)

    return connect


class _Deaf:
    """A socket for the self-test, which sends nothing."""

    def sendall(self, data: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Do nothing: nothing is open."""


def probe(host: str) -> int:
    """Return the status of a request to `host`; 0 if it would have been sent."""
    connection = HTTPConnection(host)
    connection.sock = _Deaf()
    try:
        connection.request("GET", "/")
        status: int = connection.getresponse().status
    except NotImplementedError:
        return 0
    finally:
        connection.close()
    return status
