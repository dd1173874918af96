"""A path that a run can take, as a value.

A script, with the faults that go with it and the name of its statuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from understudy._properties.determinism import Witness
    from understudy.faults import Fault


class Trajectory(tuple[Any, ...]):  # noqa: SLOT001 - a tuple of any length cannot have slots
    """A script: a tuple of moves, to be performed by every run.

    `understudy.simulate(script=trajectory)` and `Backend.perform(trajectory)` set its faults, too;
    `every_run(*trajectory)` takes the moves alone.

    Attributes:
        name: its statuses from `queued` to the end, and its faults: `queued-in_progress-expired`.
        faults: what goes wrong besides. One that the app gives no occasion for is not a mistake.
        bound: the bound under which it was enumerated, in words.
        total: how many there are under that bound.
        is_compared: whether what the app does is compared with what it does in other cases.
        witness: what compares it, while a test runs.
    """

    name: str
    faults: tuple[Fault, ...]
    bound: str
    total: int
    is_compared: bool
    witness: Witness | None

    def __new__(cls, moves: Iterable[Any], *, name: str = "", faults: Iterable[Fault] = ()) -> Trajectory:
        trajectory = super().__new__(cls, moves)
        trajectory.name = name
        trajectory.faults = tuple(faults)
        trajectory.bound, trajectory.total = "", 0
        trajectory.is_compared, trajectory.witness = False, None
        return trajectory

    def again(self) -> Trajectory:
        """Return a copy, to be performed a second time."""
        trajectory = Trajectory(self, name=f"{self.name}-again", faults=self.faults)
        trajectory.bound, trajectory.total = self.bound, self.total
        return trajectory

    def __repr__(self) -> str:
        moves = super().__repr__()
        return f"Trajectory({moves}, faults={self.faults!r})" if self.faults else moves
