"""The simulations of a server: each a service of its own, at `/w/NAME/`.

Created on first use. Without a prefix, there is the default one. Workers that run in parallel each take a
name, share the server, and never see one another.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from understudy._common.messages import Request, Response
from understudy._serve.asgi import ServedAnswer
from understudy.errors import UnderstudyError, envelope

COMMON = ""
MAX_SIMULATIONS = 256  # unless the server is started with another number
_MAX_GONE_NAMES = 10_000  # of dropped simulations, to report that they were dropped
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]{1,200}")  # a client would resolve /w/.. before it sends it
_PREFIX = re.compile(r"/+w/([^/]*)(.*)", re.DOTALL)


class ServedSimulation(Protocol):
    """The simulation at one prefix."""

    async def handle(self, request: Request) -> ServedAnswer:
        """Respond to a request to the API."""

    async def admin(self, request: Request, verb: str) -> ServedAnswer:
        """Respond to a request to the admin route."""


class SimulationGone(UnderstudyError):
    """A request to a simulation that no longer exists, or cannot be created."""

    code = "understudy_world_gone"


class Simulations:
    """The simulations by name.

    Args:
        make: creates the simulation of a name. None: only those that were added exist.
        kept: the maximum number; beyond that, the least recently used is dropped.
        absent: without `make`, the reason for the error.
    """

    def __init__(
        self,
        make: Callable[[str], ServedSimulation] | None = None,
        kept: int = MAX_SIMULATIONS,
        absent: str = "this simulation does not exist",
    ) -> None:
        self._make = make
        self._absent = absent
        self._kept = kept
        self._simulations: OrderedDict[str, ServedSimulation] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()  # the thread of a test adds and removes, that of the server reads

    def __len__(self) -> int:
        return len(self._simulations)

    def get(self, name: str, *, anew: bool = False) -> ServedSimulation:
        """Return the simulation of a name, creating it on first use.

        Args:
            name: of the simulation.
            anew: whether to create a dropped one again, as `reset` does.

        Raises:
            SimulationGone: it was dropped, its test has ended, or the name is invalid.
        """
        with self._lock:
            found = self._simulations.get(name)
            if found is None:
                found = self._simulations[name] = self._create(name, anew=anew)
                self._drop_idle()
            self._simulations.move_to_end(name)
            return found

    def add(self, name: str, simulation: ServedSimulation) -> None:
        """Add a simulation."""
        with self._lock:
            self._simulations[name] = simulation

    def remove(self, name: str) -> None:
        """Remove a simulation; later requests to it get an error."""
        with self._lock:
            self._simulations.pop(name, None)
            self._forget(name)

    def _create(self, name: str, *, anew: bool) -> ServedSimulation:
        where = f"/w/{name}" if name else "the default simulation"
        if self._make is None:
            raise SimulationGone(f"{where}: {self._absent}")
        if name and not _NAME.fullmatch(name):
            raise SimulationGone(
                f"{where}: not a valid name; expected 1 to 200 letters, digits and . _ ~ -, but not . or .."
            )
        if name in self._gone and not anew:
            raise SimulationGone(
                f"{where} was dropped: this server keeps {self._kept} simulations, and it was the least recently "
                f"used. Start the server with a larger --worlds, or start it anew: POST {where}/_understudy/reset."
            )
        self._gone.pop(name, None)
        return self._make(name)

    def _drop_idle(self) -> None:
        while len(self._simulations) - (COMMON in self._simulations) > self._kept:
            oldest = next(name for name in self._simulations if name != COMMON)
            del self._simulations[oldest]
            self._forget(oldest)

    def _forget(self, name: str) -> None:
        self._gone[name] = None
        while len(self._gone) > _MAX_GONE_NAMES:
            self._gone.popitem(last=False)


def split(path: str) -> tuple[str, str]:
    """Split a path into the name of its simulation and the rest.

    The default simulation has an empty name.

    >>> split("/w/worker-3/v1/threads")
    ('worker-3', '/v1/threads')
    >>> split("/v1/threads")
    ('', '/v1/threads')

    Raises:
        SimulationGone: the name is empty, as of a variable that is not set: the default one is not meant.
    """
    found = _PREFIX.fullmatch(path)
    if found is None:
        return COMMON, path
    name, rest = found.groups()
    if not name:
        text = "the name of the simulation is empty; expected /w/NAME/v1/..., or no prefix for the default simulation"
        raise SimulationGone(f"{path}: {text}")
    return name, rest


def without_prefix(request: Request, name: str) -> Request:
    """Return a request without the prefix of its simulation."""
    if name == COMMON:
        return request
    start = request.url.index(f"/w/{name}", request.url.index("://") + 3)
    head = request.url[:start].rstrip("/")
    return Request(request.method, head + request.url[start + len(f"/w/{name}") :], request.sent_headers, request.body)


def gone_response(error: SimulationGone) -> Response:
    """Return the response for it: as for any mistake in a test, no SDK retries it."""
    return envelope(error)
