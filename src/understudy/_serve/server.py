"""A server: a listening socket with uvicorn, in this thread or its own."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from understudy._serve.asgi import Application


def listener(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    Raises:
        OSError: the port is in use, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.create_server((host, port), family=family, backlog=1024)
    # Inherited by every connection. Otherwise the head and the body of a response, sent separately, wait 40 ms
    # for the client's acknowledgement (asyncio sets this itself only for sockets that name their protocol).
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def uvicorn_server(application: Application, **settings: Any) -> Any:
    """Return a uvicorn server that leaves the headers to the service.

    Raises:
        ImportError: the extra `serve` is not installed.
    """
    import uvicorn

    config = uvicorn.Config(
        application,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=2,
        server_header=False,  # the headers are the service's own, as recorded
        date_header=False,
        ws="none",  # the API has no web sockets
        **settings,
    )
    return uvicorn.Server(config)


def serve_here(application: Application, opened: socket.socket) -> None:
    """Serve until ctrl-c; open connections get two seconds."""
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn_server(application).run(sockets=[opened])


class BackgroundServer:
    """A server on a free loopback port, in a thread of its own.

    Attributes:
        url: where it listens, `http://127.0.0.1:PORT`.
    """

    def __init__(self, application: Application) -> None:
        self._server = uvicorn_server(application, loop="asyncio")  # whatever loop policy the tests have set
        self._socket = listener("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name="understudy-server", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def close(self) -> None:
        """Stop the server, and wait until it has."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
