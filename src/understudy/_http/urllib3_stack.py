"""urllib3's pools, and libraries based on them, such as requests.

Also azure-core's default transport. A pool connects, if need be through a proxy, before it passes the request to
http.client. So the handler is looked up first, and an API request gets a connection that already has our socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from understudy._common.messages import Abort, Handler
from understudy._http.answering import handler_of_request, lower_case
from understudy._http.http_client_stack import AnsweringSocket
from understudy._http.patching import Undo, wrap

_handler: ContextVar[Handler | None] = ContextVar("understudy_urllib3_handler", default=None)


def patches() -> Iterator[Undo]:
    """Make every pool look for a handler, and connect API requests to it."""
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    yield wrap(HTTPConnectionPool, "urlopen", _wrap_urlopen)
    yield wrap(HTTPConnectionPool, "_make_request", _wrap_make_request)
    yield wrap(HTTPSConnectionPool, "_prepare_proxy", _wrap_prepare_proxy)


def _wrap_urlopen(original: Callable[..., Any]) -> Callable[..., Any]:
    def urlopen(self: Any, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any) -> Any:
        sent = self.headers if headers is None else headers
        host, port = _destination(self, url)
        token = _handler.set(handler_of_request(self, host, port, lower_case((sent or {}).items())))
        try:
            return original(self, method, url, body, headers, *args, **kwargs)
        finally:
            _handler.reset(token)

    return urlopen


def _destination(pool: Any, url: str) -> tuple[str, int | None]:
    if "://" in url.partition("?")[0]:  # a proxy's pool gets the whole URL
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    return pool.host.strip("[]"), pool.port


def _wrap_make_request(original: Callable[..., Any]) -> Callable[..., Any]:
    def _make_request(self: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
        handler = _handler.get()
        if handler is not None:
            conn = getattr(conn, "real_connection", conn)  # vcrpy works below us
            conn.sock = AnsweringSocket(handler, _origin(self), PoolOwner(self, conn), conn.sock)
            conn.is_verified = True  # else urllib3 warns of an unverified certificate
        return original(self, conn, *args, **kwargs)

    return _make_request


def _wrap_prepare_proxy(original: Callable[..., None]) -> Callable[..., None]:
    def _prepare_proxy(self: Any, conn: Any) -> None:
        if _handler.get() is None:
            original(self, conn)

    return _prepare_proxy


def _origin(pool: Any) -> str:
    default = {"https": 443, "http": 80}.get(pool.scheme)
    return f"{pool.scheme}://{pool.host}" + ("" if pool.port in (None, default) else f":{pool.port}")


class PoolOwner:
    """A connection of a pool."""

    def __init__(self, pool: Any, connection: Any) -> None:
        self.connection = connection
        self._pool = pool

    def connect(self) -> Any:
        from urllib3.util.proxy import connection_requires_http_tunnel

        pool, token = self._pool, _handler.set(None)
        try:
            if pool.proxy is not None and connection_requires_http_tunnel(pool.proxy, pool.proxy_config, pool.scheme):
                pool._prepare_proxy(self.connection)  # noqa: SLF001  as a pool does before it sends
            if self.connection.sock is None:
                self.connection.connect()
        finally:
            _handler.reset(token)
        return self.connection.sock

    def cannot_connect(self, abort: Abort) -> Exception:
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        if "Timeout" in abort.kind:
            limit = self.connection.timeout
            return ConnectTimeoutError(
                self.connection, f"Connection to {self._pool.host} timed out. (connect timeout={limit})"
            )
        return NewConnectionError(self.connection, f"Failed to establish a new connection: {abort.message}")


def probe(host: str) -> int:
    """Return the status of a request to `host`; 0 if it would have been sent.

    By TLS, for which a pool connects before http.client's own hooks are reached.
    """
    from urllib3.connectionpool import HTTPSConnectionPool

    pool = HTTPSConnectionPool(host)
    pool.ConnectionCls = _deaf(pool.ConnectionCls)
    try:
        status: int = pool.urlopen("GET", "/", retries=False).status
    except NotImplementedError:
        return 0
    finally:
        pool.close()
    return status


def _deaf(connection_class: Any) -> Any:
    class Deaf(connection_class):  # type: ignore[misc]
        def connect(self) -> None:
            raise NotImplementedError

    return Deaf
