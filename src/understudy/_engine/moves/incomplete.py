"""The execution ends before the model is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from understudy._common.code_repr import first
from understudy._engine.moves.base import Move, check_choice
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

# Reasons of a run: SPEC; content_filter REP: Azure sends it, though the published specification lacks it.
RunReason = Literal["max_completion_tokens", "max_prompt_tokens", "content_filter"]
INCOMPLETE_REASONS: tuple[RunReason, ...] = get_args(RunReason)
FURTHER_REASONS: tuple[Literal["max_output_tokens"], ...] = ("max_output_tokens",)  # of a response [REC]
IncompleteReason = RunReason | Literal["max_output_tokens"]


@dataclass(frozen=True, slots=True, repr=False)
class Incomplete(Move):
    """The run ends `incomplete`.

    Args:
        reason: for a run, max_completion_tokens (default), max_prompt_tokens [SPEC] or content_filter [REP]; for a response,
            max_output_tokens, which means the same as max_completion_tokens, or content_filter.
        cut: whether a `Reply` right before it is cut: its message ends `incomplete`, with this text. Otherwise the message
            is whole and `completed`, and the run ends with it. None (default) for what the service does: it cuts the
            message, except for max_prompt_tokens. [REC, 10 of 11: there the model is done, and the run may not continue]
    """

    ends: ClassVar[bool] = True
    reason: IncompleteReason = first(default="max_completion_tokens")
    cut: bool | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_choice("Incomplete", self.reason, (*INCOMPLETE_REASONS, *FURTHER_REASONS))
        if self.cut not in (None, True, False):
            raise ImpossibleScript(f"Incomplete(cut={self.cut!r}): expected True, False or None")

    @property
    def cuts_reply(self) -> bool:
        return self.reason != "max_prompt_tokens" if self.cut is None else self.cut

    def plan(self, planner: Planner) -> None:
        planner.end("incomplete", reason=self.reason, is_with_reply=True)
