"""The execution fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from understudy._common.code_repr import first
from understudy._engine.moves.base import Move, check_choice

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

RunErrorCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]  # [SPEC]
RUN_ERROR_CODES: tuple[RunErrorCode, ...] = get_args(RunErrorCode)


@dataclass(frozen=True, slots=True, repr=False)
class Fail(Move):
    """The run ends `failed` with this last_error.

    Args:
        code: server_error, rate_limit_exceeded or invalid_prompt. [SPEC]
        message: the error's text.
        while_queued: it fails in the queue, never in progress (again). [INF]
    """

    ends: ClassVar[bool] = True
    code: RunErrorCode = first(default="server_error")
    message: str = first(default="Sorry, something went wrong.")
    while_queued: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        check_choice("Fail", self.code, RUN_ERROR_CODES)

    @property
    def cuts_reply(self) -> bool:
        return True

    def plan(self, planner: Planner) -> None:
        planner.end("failed", error=(self.code, self.message))
