"""The execution ends before the model was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from understudy._common.code_repr import first
from understudy._engine.moves.base import Move, check_choice

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

INCOMPLETE_REASONS = ("max_completion_tokens", "max_prompt_tokens")  # of a run [SPEC]
FURTHER_REASONS = ("max_output_tokens", "content_filter")  # of a response [REC, SPEC]; content_filter of Azure's runs, too


@dataclass(frozen=True, slots=True, repr=False)
class Incomplete(Move):
    """The run ends `incomplete`: max_completion_tokens, max_prompt_tokens or content_filter; a response: max_output_tokens.

    Each API says what a limit of tokens is called there: `max_output_tokens` and `max_completion_tokens` mean the same.
    """

    ends: ClassVar[bool] = True
    cuts: ClassVar[bool] = True
    reason: str = first(default="max_completion_tokens")

    def __post_init__(self) -> None:
        check_choice("Incomplete", self.reason, (*INCOMPLETE_REASONS, *FURTHER_REASONS))

    def plan(self, planner: Planner) -> None:
        planner.end("incomplete", reason=self.reason)
