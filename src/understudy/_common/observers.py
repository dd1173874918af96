"""Observers of simulations and replays, for a report over a whole test suite.

Each simulated service, and each cassette that is replayed, looks once, when it is made, for an observer. Usually there is
none. Observers are process-wide, as the suite is: simulations are made in fixtures, `with` blocks, examples and threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from understudy._apis.assistants.objects import Run
    from understudy._apis.responses.objects import ModelResponse
    from understudy._cassettes.interaction import Interaction
    from understudy._common.messages import Answer
    from understudy._faulting.fault_context import ArmedFault


class Watch(Protocol):
    """Observes one simulation or replay."""

    def strikes(self, entry: ArmedFault) -> None:
        """Note that the request answered next meets a fault."""

    def answered(self, method: str, path: str, answer: Answer) -> None:
        """Note an answer; `path` is the API path.

        It may wrap a stream, to see what the app reads of it.
        """


class EngineObserver(Protocol):
    """Observes every simulation and replay."""

    def simulation(self, run_of: Callable[[str], Run | None], response_of: Callable[[str], ModelResponse | None]) -> Watch:
        """Return the watch of a new simulated service.

        `run_of` and `response_of` find its runs and responses by id.
        """

    def replay(self, played: Callable[[], Sequence[Interaction]]) -> Watch:
        """Return the watch of a replay; `played` returns what was played so far."""


_observers: list[EngineObserver | None] = []


def observer_of() -> EngineObserver | None:
    """Return the observer, if any; of several (pytest within pytest), the last."""
    return _observers[-1] if _observers else None


@contextmanager
def observing(observer: EngineObserver | None) -> Iterator[None]:
    """Set the observer of all simulations and replays made in the block."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)
