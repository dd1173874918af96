"""Who looks on while worlds answer: nobody, unless a report over a whole test suite was asked for.

A *world* is what answers requests: a simulated service, or a cassette that is replayed. Each asks once, when it is made,
whether somebody looks on. Process-wide, as the suite is: worlds are made in fixtures, `with` blocks, examples and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from understudy._apis.assistants.objects import Run
    from understudy._cassettes.interaction import Interaction
    from understudy._common.messages import Answer
    from understudy._faulting.fault_context import ArmedFault


class Watch(Protocol):
    """Looks on at one world."""

    def strikes(self, entry: ArmedFault) -> None:
        """The request that is answered next meets a fault."""

    def answered(self, method: str, path: str, answer: Answer) -> None:
        """A request is answered; `path` is the API path.

        A stream may be wrapped, to see what the app reads of it.
        """


class EngineObserver(Protocol):
    """Looks on at every world."""

    def simulation(self, run_of: Callable[[str], Run | None]) -> Watch:
        """Return a simulated service begins; `run_of` gives its run of an id."""

    def replay(self, played: Callable[[], Sequence[Interaction]]) -> Watch:
        """Return a cassette is replayed; `played` gives what was played of it so far."""


_observers: list[EngineObserver | None] = []


def observer_of() -> EngineObserver | None:
    """Who looks on: of several (pytest within pytest), the last."""
    return _observers[-1] if _observers else None


@contextmanager
def observing(somebody: EngineObserver | None) -> Iterator[None]:
    """Let somebody, or nobody, look on at every world that is made until the block is left."""
    _observers.append(somebody)
    try:
        yield
    finally:
        _observers.remove(somebody)
