"""The next move takes longer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy._common.code_repr import first
from understudy._engine.moves.base import Move
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.planning import Planner


@dataclass(frozen=True, slots=True, repr=False)
class Wait(Move):
    """The next move, or the end, takes this many (virtual) seconds longer.

    A run that gets past 600 s expires first.
    """

    seconds: float = first()

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, int | float) or not 0 <= self.seconds < math.inf:
            raise ImpossibleScript(f"Wait({self.seconds!r}): expected a number of seconds, at least 0")

    def plan(self, planner: Planner) -> None:
        planner.at += self.seconds
