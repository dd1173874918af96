"""The worlds of a server: each a service of its own, at `/w/NAME/`, made when it is first asked for.

Without a prefix there is the common one. Workers that run in parallel take a name each, share the
server, and never see one another.
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
KEPT = 256  # worlds, at most, unless the server is started with another number
_FORGOTTEN = 10_000  # names of worlds that were dropped, kept to say so
_NAME = re.compile(r"[A-Za-z0-9._~-]{1,200}")


class ServedWorld(Protocol):
    """What answers at one prefix."""

    async def handle(self, request: Request) -> ServedAnswer:
        """Answer a request to the API."""

    async def admin(self, request: Request, verb: str) -> ServedAnswer:
        """Answer a request to the admin route."""


class WorldGone(UnderstudyError):
    """A request to a world that is no longer there, or cannot be made."""

    code = "understudy_world_gone"


class Worlds:
    """The worlds by name.

    Args:
        make: makes the world of a name. None: worlds are only those that were added.
        kept: how many there may be; beyond that, the one not asked for longest is dropped.
        absent: without `make`, why there is no other world.
    """

    def __init__(
        self, make: Callable[[str], ServedWorld] | None = None, kept: int = KEPT, absent: str = "there is no such world"
    ) -> None:
        self._make = make
        self._absent = absent
        self._kept = kept
        self._worlds: OrderedDict[str, ServedWorld] = OrderedDict()
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()  # a test's thread adds and removes while the server's asks

    def __len__(self) -> int:
        return len(self._worlds)

    def get(self, name: str, *, anew: bool = False) -> ServedWorld:
        """Give the world of a name, and make it if it was not there yet.

        Args:
            anew: whether one that was dropped may be made again, as `reset` does.

        Raises:
            WorldGone: it was dropped, or its test is over, or the name cannot be one.
        """
        with self._lock:
            found = self._worlds.get(name)
            if found is None:
                found = self._worlds[name] = self._made(name, anew=anew)
                self._drop_idle()
            self._worlds.move_to_end(name)
            return found

    def add(self, name: str, world: ServedWorld) -> None:
        """Put a world there."""
        with self._lock:
            self._worlds[name] = world

    def remove(self, name: str) -> None:
        """Take a world away; who still asks for it hears so."""
        with self._lock:
            self._worlds.pop(name, None)
            self._forget(name)

    def _made(self, name: str, *, anew: bool) -> ServedWorld:
        where = f"/w/{name}" if name else "the common world"
        if self._make is None:
            raise WorldGone(f"{where}: {self._absent}")
        if name and not _NAME.fullmatch(name):
            raise WorldGone(f"{where}: the name of a world is 1 to 200 of letters, digits, and . _ ~ -")
        if name in self._gone and not anew:
            raise WorldGone(
                f"{where} was dropped: this server keeps {self._kept} worlds, and it was the one not asked for "
                f"longest. Start the server with a larger --worlds, or begin it anew: POST {where}/_understudy/reset."
            )
        self._gone.pop(name, None)
        return self._make(name)

    def _drop_idle(self) -> None:
        while len(self._worlds) - (COMMON in self._worlds) > self._kept:
            oldest = next(name for name in self._worlds if name != COMMON)
            del self._worlds[oldest]
            self._forget(oldest)

    def _forget(self, name: str) -> None:
        self._gone[name] = None
        while len(self._gone) > _FORGOTTEN:
            self._gone.popitem(last=False)


def split(path: str) -> tuple[str, str]:
    """Take the name of the world off a path; the empty name is the common one's.

    >>> split("/w/worker-3/v1/threads")
    ('worker-3', '/v1/threads')
    >>> split("/v1/threads")
    ('', '/v1/threads')
    """
    if not path.startswith("/w/"):
        return COMMON, path
    name, slash, rest = path[3:].partition("/")
    return name, slash + rest


def without_prefix(request: Request, name: str) -> Request:
    """Give a request as it would be without the prefix of its world."""
    if name == COMMON:
        return request
    return Request(request.method, request.url.replace(f"/w/{name}", "", 1), request.sent_headers, request.body)


def gone(error: WorldGone) -> Response:
    """Answer as any mistake of a test is answered: no SDK asks again."""
    return envelope(error)
