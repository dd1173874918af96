"""The execution never ends unless it is cancelled or expires."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from understudy._engine.moves.base import Move, check_choice

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

OnCancel = Literal["cancelled", "completes"]


@dataclass(frozen=True, slots=True, repr=False)
class Hang(Move):
    """The run hangs until it is cancelled or expires.

    Args:
        on_cancel: `"cancelled"` (default), or `"completes"`: it completes before the cancel takes effect, if it is in
            progress then; a queued run is cancelled all the same. [DOCS: not guaranteed]
    """

    ends: ClassVar[bool] = True
    on_cancel: OnCancel = field(default="cancelled", kw_only=True)

    def __post_init__(self) -> None:
        check_choice("Hang(on_cancel=...)", self.on_cancel, get_args(OnCancel))

    def plan(self, planner: Planner) -> None:
        if self.on_cancel == "completes":
            planner.execution.outcome_of_cancel = "completed"
