"""The test's own backend over a real socket, for the fixture `understudy_server`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from understudy._backend.backend import Backend
from understudy._common.messages import Answer, Forward, HostRules, Request
from understudy._http import activate
from understudy._http.api_key import KEY
from understudy._serve.administered import AdministeredSimulation
from understudy._serve.asgi import Application
from understudy._serve.server import BackgroundServer
from understudy._serve.simulated import Simulation
from understudy._serve.simulations import Simulations
from understudy._serve.site import Site
from understudy.errors import UnderstudyError

_AZURE_VERSION = "2024-05-01-preview"  # the last preview of Azure's Assistants [DOCS]
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._~-]+")
_MAX_NAME_LENGTH = 80


class SessionServer:
    """The one server of a test session, in a thread, with a simulation for each test."""

    def __init__(self) -> None:
        self._simulations = Simulations(absent="no test of that name is running. Did the app outlive its test?")
        self._server = BackgroundServer(Application(Site(self._simulations).handle))
        self._count = 0

    @contextmanager
    def simulation(self, test: str, backend: Backend) -> Iterator[ServedBackend]:
        """Serve a test's backend, within the block.

        Later requests get an error that says so.
        """
        self._count += 1
        name = f"{_NOT_IN_A_NAME.sub('-', test)[-_MAX_NAME_LENGTH:]}-{self._count}"
        simulation = Simulation(name, lambda: backend, is_of_a_test=True)
        self._simulations.add(name, AdministeredSimulation(simulation))
        try:
            yield ServedBackend(f"{self._server.url}/w/{name}", backend, simulation)
        finally:
            self._simulations.remove(name)

    def close(self) -> None:
        """Stop the server."""
        self._server.close()


class ServedBackend:
    """The test's backend over a real loopback socket, for apps in other processes.

    While the test runs, `OPENAI_BASE_URL`, `OPENAI_API_KEY` and Azure's variables point there, for child
    processes, and for clients created in the test's own process.

    Attributes:
        url: without `/v1`; the admin route is at `{url}/_understudy/`, the playground at `{url}/`.
        backend: the test's `Backend`, the same one as the fixture `understudy`.
    """

    def __init__(self, url: str, backend: Backend, simulation: Simulation) -> None:
        self.url = url
        self.backend = backend
        self._simulation = simulation

    def problems(self) -> list[UnderstudyError]:
        """Return the problems that a `check` reported, which the app may have ignored."""
        return self._simulation.take_found()

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point a child process here.

        The keys are placeholders even if real ones are set: a child cannot be kept from the network, so it
        should have nothing that gives access to an account there.
        """
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": KEY,
            "AZURE_OPENAI_ENDPOINT": self.url,
            "AZURE_OPENAI_API_KEY": KEY,
            "OPENAI_API_VERSION": os.environ.get("OPENAI_API_VERSION") or _AZURE_VERSION,
            **{name: _with_loopback(os.environ.get(name, "")) for name in ("NO_PROXY", "no_proxy")},
        }

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Send this process's requests for the server to it, within the block.

        Other requests are answered in memory.
        """
        backend = self.backend
        handler = _OverTheSocket(backend, urlsplit(self.url).netloc)
        with ExitStack() as stack:
            stack.enter_context(activate(handler))
            if backend.clock.mode == "sleep":
                from understudy._virtual_time import sleeping

                stack.enter_context(sleeping(handler, backend.clock, backend.note_real_wait))
            yield

    def __repr__(self) -> str:
        return f"<ServedBackend {self.url}>"


class _OverTheSocket:
    """Answers as the backend does, but forwards requests for the server."""

    def __init__(self, backend: Backend, authority: str) -> None:
        self.rules: HostRules = backend.rules
        self._backend = backend
        self._authority = authority

    def handle(self, request: Request) -> Answer:
        if urlsplit(request.url).netloc == self._authority:
            return Forward()
        return self._backend.handle(request)


def _with_loopback(hosts: str) -> str:
    """Add loopback to the hosts that are reached without the proxy."""
    return ",".join(filter(None, [hosts, "127.0.0.1", "localhost"]))
