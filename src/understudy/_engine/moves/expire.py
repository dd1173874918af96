"""The execution expires."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from understudy._engine.events import Ended
from understudy._engine.moves.base import Move

if TYPE_CHECKING:
    from understudy._engine.planning import Planner


@dataclass(frozen=True, slots=True, repr=False)
class Expire(Move):
    """The run continues until it expires, 600 s after it was created.

    `while_queued`: it expires in the queue, never in progress (again). [INF]
    """

    ends: ClassVar[bool] = True
    while_queued: bool = field(default=False, kw_only=True)

    def plan(self, planner: Planner) -> None:
        deadline = planner.execution.deadline
        if deadline is None:
            raise planner.impossible(f"{self!r}, but only runs of the Assistants API expire")
        planner.at = deadline
        planner.plan(Ended(deadline, "expired"))
