"""`understudy serve`: the simulated service over HTTP."""

from __future__ import annotations

import argparse
import errno
import runpy
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from understudy._serve.asgi import Application
    from understudy._serve.cassettes import RecordingProxy


def add(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "serve",
        help="the simulated service over HTTP, for other languages and by hand",
        description="Serves the simulated API over HTTP, under /v1/... and Azure's /openai/... "
        "alike; / is a playground. What the next run does is set there, in a script file, or by "
        "POST /_understudy/next_run from any language. Under /w/NAME/... there are separate "
        "simulations, for parallel workers. With --cassette a recording is served instead; with "
        "--record and --to, requests are passed on to another server and recorded. Needs the "
        "extra pytest-understudy[serve].",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=8000, help="the port; 0 picks a free one (default 8000)")
    parser.add_argument(
        "--time",
        choices=("poll", "manual", "real"),
        default="poll",
        help="who moves the clock: poll (retrieving a run does), manual (only the admin route), real (default poll)",
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed that ids are derived from (default 0)")
    parser.add_argument("--strict", action="store_true", help="refuse runs without a script")
    parser.add_argument(
        "--script", metavar="FILE", help="a Python file with a function set_up(backend), called for each simulation"
    )
    parser.add_argument(
        "--worlds",
        type=_count,
        default=256,
        metavar="N",
        help="how many separate simulations are kept at once (default 256)",
    )
    parser.add_argument("--cassette", metavar="FILE", type=Path, help="serve this recording, run-aware")
    parser.add_argument("--record", metavar="FILE", type=Path, help="record into this file what passes to --to")
    parser.add_argument("--to", metavar="URL", help="the server to record from, such as https://api.openai.com/v1")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="another host name to answer to; may be repeated"
    )
    parser.add_argument(
        "--cors",
        action="append",
        default=[],
        metavar="ORIGIN",
        type=_origin,
        help="a web origin whose pages may read answers, such as http://localhost:3000, or '*' "
        "for all (the API only); may be repeated",
    )
    parser.add_argument(
        "--log", action="store_true", help="log each request and each run's end even if stdout is not a terminal"
    )
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, got {text!r}")


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text!r}")


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if text == "*" or (parts.scheme and parts.netloc and text == f"{parts.scheme}://{parts.netloc}"):
        return text
    raise argparse.ArgumentTypeError(f"expected an origin such as http://localhost:3000, got {text!r}")


class WrongUse(Exception):
    """Arguments that cannot be combined, or that name something unusable."""


def run(arguments: argparse.Namespace) -> int:
    """Serve; return 0, 1 if a recording could not be written, 2 for wrong use."""
    try:
        import uvicorn  # noqa: F401 - is it there?
    except ImportError:
        print("understudy serve needs an HTTP server: pip install 'pytest-understudy[serve]'", file=sys.stderr)
        return 2
    from understudy._serve.server import listener, serve_here

    try:
        opened = listener(arguments.host, arguments.port)
    except OSError as error:
        print(_cannot_listen(arguments, error), file=sys.stderr)
        return 2
    plan = ServePlan(arguments)
    try:
        application = plan.application()
    except WrongUse as error:
        print(error, file=sys.stderr)
        opened.close()
        return 2
    host, port = opened.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"understudy serves {plan.what} on http://{shown}:{port}/v1  (ctrl-c stops it)", flush=True)
    serve_here(application, opened)
    return plan.status


def _cannot_listen(arguments: argparse.Namespace, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {arguments.port} is taken: choose another with --port, or --port 0 for a free one"
    return f"cannot listen on {arguments.host}, port {arguments.port}: {error}"


class ServePlan:
    """What to serve, by the arguments.

    Attributes:
        what: in words.
        status: the exit status, once the server has stopped.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.what = "the Assistants and Responses APIs"
        self.status = 0
        self._arguments = arguments
        self._proxy: RecordingProxy | None = None

    def application(self) -> Application:
        """Return the application.

        Raises:
            WrongUse: arguments that exclude each other, or name what cannot be used.
        """
        from understudy._serve.asgi import Application
        from understudy._serve.hosts import AllowedHosts, Cors
        from understudy._serve.site import Site

        arguments = self._arguments
        simulations = self._simulations()
        hosts = AllowedHosts(arguments.host, tuple(arguments.allow_host))
        site = Site(simulations, hosts, Cors(tuple(arguments.cors)))
        return Application(site.handle, self._finish)

    def _simulations(self) -> Any:
        """Return the simulations to serve, or a replayed recording, or a proxy."""
        from understudy._serve.simulations import COMMON, Simulations

        arguments = self._arguments
        _refuse_together(arguments)
        if arguments.record is not None:
            simulations = Simulations(absent="a recording is not split by prefix: leave /w/NAME out")
            simulations.add(COMMON, self._recording(arguments.record, arguments.to))
            return simulations
        make = self._played(arguments.cassette) if arguments.cassette else self._simulated()
        simulations = Simulations(make, arguments.worlds)
        simulations.get(COMMON)
        return simulations

    def _simulated(self) -> Any:
        from understudy._backend.backend import Backend
        from understudy._serve.administered import AdministeredSimulation
        from understudy._serve.log import log_line, wants_log
        from understudy._serve.simulated import Simulation

        arguments = self._arguments
        set_up = _set_up(arguments.script) if arguments.script else None

        def make(**settings: Any) -> Backend:
            given = {"time": arguments.time, "seed": arguments.seed, "strict": arguments.strict or None}
            backend = Backend(**(given | settings))
            backend.over_http()
            if set_up is not None:
                _perform(set_up, backend, arguments.script)
            return backend

        log = log_line if wants_log(arguments.log) else None
        return lambda name: AdministeredSimulation(Simulation(name, make, log))

    def _played(self, path: Path) -> Any:
        from understudy._serve.advice import worded
        from understudy._serve.cassettes import ServedCassette
        from understudy.errors import CassetteError

        self.what = f"the recording {path}"
        try:
            ServedCassette(path).close()
        except CassetteError as error:
            raise WrongUse(f"--cassette {path}: {worded(str(error))}") from None
        return lambda name: ServedCassette(path)  # noqa: ARG005 - each prefix replays it from the beginning

    def _recording(self, path: Path, to: str) -> RecordingProxy:
        from understudy._serve.cassettes import RecordingProxy
        from understudy.errors import CassetteError

        self.what = f"{to}, recorded into {path},"
        try:
            self._proxy = RecordingProxy(path, to)
        except (CassetteError, ValueError) as error:
            raise WrongUse(str(error)) from None
        return self._proxy

    async def _finish(self) -> None:
        """Write the recording before the server exits, whatever signal stops it."""
        if self._proxy is None:
            return
        from understudy.errors import CassetteError

        try:
            count = await self._proxy.close()
        except CassetteError as error:
            print(error, file=sys.stderr, flush=True)
            self.status = 1
        else:
            print(f"{self._proxy.path}: {count} exchanges recorded", flush=True)


def _refuse_together(arguments: argparse.Namespace) -> None:
    if (arguments.record is None) != (arguments.to is None):
        raise WrongUse("--record FILE and --to URL belong together: where to write, and where to forward requests")
    given = [name for name in ("cassette", "record", "script") if getattr(arguments, name) is not None]
    if len(given) > 1:
        raise WrongUse(f"--{given[0]} and --{given[1]} cannot be combined")


def _perform(set_up: Any, backend: Any, path: str) -> None:
    """Set a simulation up with the script's `set_up`.

    Raises:
        WrongUse: the script raised.
    """
    try:
        set_up(backend)
    except Exception as error:
        raise WrongUse(f"--script {path}: {_place(error, path)}set_up(backend) raised {error!r}") from error


def _place(error: BaseException, path: str) -> str:
    """Return where in a file an exception was raised, such as `line 3: `."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == Path(path)]
    return f"line {lines[-1]}: " if lines else ""


def _set_up(path: str) -> Any:
    if Path(path).is_dir():
        raise WrongUse(f"--script {path}: this is a folder; expected a Python file with a function set_up(backend)")
    sys.path.insert(0, str(Path(path).resolve().parent))  # as `python FILE` does: the file imports what lies beside it
    from understudy._common.nearest_file import did_you_mean_file

    try:
        names = runpy.run_path(path)
    except OSError as error:
        raise WrongUse(f"--script {path}: {error.strerror}.{did_you_mean_file(Path(path))}") from None
    except SyntaxError as error:
        raise WrongUse(f"--script {path}: line {error.lineno}: not valid Python: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise WrongUse(f"--script {path}: {_place(error, path)}it raised {error!r} when it was run") from None
    if not callable(names.get("set_up")):
        raise WrongUse(
            f"--script {path}: expected a function set_up(backend) in it, such as\n\n"
            "from understudy import Reply\n\ndef set_up(backend):\n    backend.every_run(Reply('Hello.'))\n"
        )
    return names["set_up"]
