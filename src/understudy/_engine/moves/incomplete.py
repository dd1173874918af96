"""The execution ends before the model was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from understudy._common.code_repr import first
from understudy._engine.moves.base import Move, check_choice

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

IncompleteReason = Literal["max_completion_tokens", "max_prompt_tokens"]  # [SPEC]
INCOMPLETE_REASONS: tuple[IncompleteReason, ...] = get_args(IncompleteReason)


@dataclass(frozen=True, slots=True, repr=False)
class Incomplete(Move):
    """The run ends `incomplete`. Reasons: max_completion_tokens, max_prompt_tokens. [SPEC]"""

    ends: ClassVar[bool] = True
    cuts: ClassVar[bool] = True
    reason: IncompleteReason = first(default="max_completion_tokens")

    def __post_init__(self) -> None:
        check_choice("Incomplete", self.reason, INCOMPLETE_REASONS)

    def plan(self, planner: Planner) -> None:
        planner.end("incomplete", reason=self.reason)
