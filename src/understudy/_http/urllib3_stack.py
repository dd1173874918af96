"""urllib3's pools, and so requests and all that stands on either, azure-core's default transport among them.

A pool connects, through a proxy if need be, before it hands the request to http.client. So it is asked first, and one of
ours is given a connection that has a socket of ours already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from understudy._common.messages import Abort, Handler
from understudy._http.answering import answering, lower_case
from understudy._http.http_client_stack import AnsweringSocket
from understudy._http.patching import Undo, wrap

_handler: ContextVar[Handler | None] = ContextVar("understudy_urllib3_handler", default=None)


def patches() -> Iterator[Undo]:
    """Have every pool ask who answers, and give a request of ours a connection that leads to the handler."""
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    yield wrap(HTTPConnectionPool, "urlopen", _asking)
    yield wrap(HTTPConnectionPool, "_make_request", _leading_to_the_handler)
    yield wrap(HTTPSConnectionPool, "_prepare_proxy", _only_for_the_network)


def _asking(original: Callable[..., Any]) -> Callable[..., Any]:
    def urlopen(self: Any, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **kwargs: Any) -> Any:
        sent = self.headers if headers is None else headers
        host, port = _destination(self, url)
        token = _handler.set(answering(self, host, port, lower_case((sent or {}).items())))
        try:
            return original(self, method, url, body, headers, *args, **kwargs)
        finally:
            _handler.reset(token)

    return urlopen


def _destination(pool: Any, url: str) -> tuple[str, int | None]:
    if "://" in url.partition("?")[0]:  # a proxy's pool is asked for the whole URL
        parts = urlsplit(url)
        return parts.hostname or "", parts.port
    return pool.host.strip("[]"), pool.port


def _leading_to_the_handler(original: Callable[..., Any]) -> Callable[..., Any]:
    def _make_request(self: Any, conn: Any, *args: Any, **kwargs: Any) -> Any:
        handler = _handler.get()
        if handler is not None:
            conn = getattr(conn, "real_connection", conn)  # vcrpy's works below us
            conn.sock = AnsweringSocket(handler, _origin(self), PoolOwner(self, conn), conn.sock)
            if hasattr(conn, "is_verified"):
                conn.is_verified = True  # else a warning that nobody was asked for a certificate
        return original(self, conn, *args, **kwargs)

    return _make_request


def _only_for_the_network(original: Callable[..., None]) -> Callable[..., None]:
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
                pool._prepare_proxy(self.connection)  # noqa: SLF001  what a pool does before it sends
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
    """Return the status that a request to `host` gets; 0 if it would have been sent."""
    from urllib3.connectionpool import HTTPConnectionPool

    pool = HTTPConnectionPool(host)
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
