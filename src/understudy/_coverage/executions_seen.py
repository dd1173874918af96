"""The executions of one simulation that the app saw: runs, or responses.

Kept until they are counted, since the app may delete them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from understudy._common.shape_errors import SHAPE_ERRORS
from understudy._coverage.tally import Tally

if TYPE_CHECKING:
    from understudy._cassettes import Interaction

MAX_KEPT = 64  # executions of a simulation, before they are counted
_T = TypeVar("_T")


class ExecutionsSeen(Protocol):
    """The runs, or the responses, of one simulation or replay."""

    def shown(self, execution_id: str, tally: Tally, test: str) -> None:
        """Note that the app was shown one."""

    def fold(self, tally: Tally, test: str) -> None:
        """Count what those shown so far did, and drop them."""


class SimulatedExecutions(ABC, Generic[_T]):
    """Executions of a simulated service.

    Args:
        find: returns one by its id; None if the service has none.
    """

    def __init__(self, find: Callable[[str], _T | None]) -> None:
        self._find = find
        self._kept: dict[str, _T] = {}

    def shown(self, execution_id: str, tally: Tally, test: str) -> None:
        """Keep one, and count the others first if they are many."""
        if execution_id in self._kept:
            return
        found = self._find(execution_id)
        if found is None:
            return
        if len(self._kept) >= MAX_KEPT:
            self.fold(tally, test)
        self._kept[execution_id] = found

    def fold(self, tally: Tally, test: str) -> None:
        """Count what they did, and drop them."""
        for execution in self._kept.values():
            self.count(execution, tally, test)
        self._kept.clear()

    @abstractmethod
    def count(self, execution: _T, tally: Tally, test: str) -> None:
        """Count what one did; it may have been counted before, and gone on since."""


def path_of(statuses: Iterable[str]) -> str:
    """Return the statuses of an execution as a path, each change once."""
    path: list[str] = []
    for status in statuses:
        if status and status != "created" and path[-1:] != [status]:
            path.append(status)
    return "-".join(path)


class RecordedExecutions(ABC):
    """Executions that a replayed cassette shows, as far as it was played."""

    unknown: str  # the group that counts what is not shaped as the API's

    def __init__(self, played: Callable[[], Sequence[Interaction]]) -> None:
        self._played = played
        self._is_shown = False
        self._counted: set[str] = set()

    def shown(self, execution_id: str, tally: Tally, test: str) -> None:  # noqa: ARG002 - the played exchanges show it
        """Note that there is one."""
        self._is_shown = True

    def fold(self, tally: Tally, test: str) -> None:
        """Count what all that were played did."""
        if not self._is_shown:
            return
        self._is_shown = False
        try:
            self.count(self._played(), tally, test)
        except SHAPE_ERRORS as error:  # of another server; the statuses are counted already
            tally.meet(self.unknown, f"unknown: objects are not shaped as the API's ({type(error).__name__})", test)

    @abstractmethod
    def count(self, played: Sequence[Interaction], tally: Tally, test: str) -> None:
        """Count what those did that were not counted before."""
