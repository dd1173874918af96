"""`understudy serve`: the simulated service over HTTP."""

from __future__ import annotations

import argparse
import contextlib
import errno
import runpy
import socket
import sys
from pathlib import Path
from typing import Any


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "serve",
        help="the simulated service over HTTP, for other languages and by hand",
        description="Serves the simulated API over HTTP, under /v1/... and Azure's /openai/... alike. What the next run "
        "does is said by a script file, or by POST /_understudy/next_run from any language. Needs the extra "
        "pytest-understudy[serve].",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="the port; 0 takes a free one (default 8000)")
    parser.add_argument(
        "--time", choices=("real", "poll", "manual"), default="real", help="who moves the clock (default real)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed that ids are derived from (default 0)")
    parser.add_argument(
        "--script", metavar="FILE", help="a Python file with a function set_up(backend), called at the start"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that this server is called by, such as that of a container, for POST /_understudy/...; addresses and "
        "localhost always are (may be given several times)",
    )
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, got {text!r}")


def run(arguments: argparse.Namespace) -> int:
    try:
        import uvicorn
    except ImportError:
        print("understudy serve needs an HTTP server: pip install 'pytest-understudy[serve]'", file=sys.stderr)
        return 2
    try:
        listener = socket.create_server((arguments.host, arguments.port))
    except OSError as error:
        print(_cannot_listen(arguments, error), file=sys.stderr)
        return 2
    try:
        application = make_application(arguments)
    except ScriptFile as error:
        print(error, file=sys.stderr)
        return 2
    # Inherited by every connection: else the head and the body of an answer, sent one after the other, wait 40 ms for the
    # client's acknowledgement (asyncio sets it by itself only for sockets that name their protocol).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    host, port = listener.getsockname()[:2]
    print(f"understudy serves the Assistants API on http://{host}:{port}/v1  (ctrl-c stops it)", flush=True)
    config = uvicorn.Config(
        application,
        log_level="warning",
        lifespan="on",
        timeout_graceful_shutdown=2,
        server_header=False,  # the headers are the service's own, as recorded
        date_header=False,
        ws="none",  # the API has no web sockets
    )
    with contextlib.suppress(KeyboardInterrupt):  # ctrl-c is how it is meant to end; open connections got two seconds
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _cannot_listen(arguments: argparse.Namespace, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {arguments.port} is taken: choose another with --port, or --port 0 for a free one"
    return f"cannot listen on {arguments.host}, port {arguments.port}: {error}"


class ScriptFile(Exception):
    """A script file that cannot be used."""


def make_application(arguments: argparse.Namespace) -> Any:
    """The ASGI application that the arguments describe."""
    from understudy._backend.backend import Backend
    from understudy._serve.admin import Verbs, answer
    from understudy._serve.admission import Admission
    from understudy._serve.asgi import Application

    set_up = _set_up(arguments.script) if arguments.script else None

    def make() -> Backend:
        backend = Backend(time=arguments.time, seed=arguments.seed)
        if set_up is not None:
            set_up(backend)
        return backend

    verbs, admission = Verbs(make), Admission((arguments.host, *arguments.allow_host))
    # `verbs.backend` is another one after each reset
    return Application(
        lambda request: verbs.backend.handle(request), admin=lambda request: answer(verbs, request, admission)
    )


def _set_up(path: str) -> Any:
    sys.path.insert(0, str(Path(path).resolve().parent))  # as `python FILE` does: the file imports what lies beside it
    try:
        names = runpy.run_path(path)
    except OSError as error:
        raise ScriptFile(f"--script {path}: {error.strerror}") from None
    if not callable(names.get("set_up")):
        raise ScriptFile(
            f"--script {path}: expected a function set_up(backend) in it, such as\n\n"
            "from understudy import Reply\n\ndef set_up(backend):\n    backend.every_run(Reply('Hello.'))\n"
        )
    return names["set_up"]
