"""The model thinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy._common.code_repr import first
from understudy._engine.content import WORDS
from understudy._engine.events import ItemClosed, ItemDelta, ItemOpened
from understudy._engine.items import ReasoningState
from understudy._engine.moves.base import Move
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

REASON_SECONDS = 2


@dataclass(frozen=True, slots=True, repr=False)
class Reason(Move):
    """The model thinks before it goes on. A run shows nothing of it, and takes 3 s longer.

    Args:
        summary: what the model says of its thoughts, where an API shows them; None for no summary.
    """

    summary: str | None = first(default=None)

    def __post_init__(self) -> None:
        if not (self.summary is None or isinstance(self.summary, str)):
            raise ImpossibleScript(f"Reason({self.summary!r}): expected a str or None, got {type(self.summary).__name__}")

    def plan(self, planner: Planner) -> None:
        start = planner.begin_step()
        chunks = tuple(WORDS.findall(self.summary or ""))
        item_id = planner.item_id("reasoning", planner.execution.id, start)
        whole = ReasoningState(id=item_id, summary=self.summary, chunks=chunks)
        planner.plan(ItemOpened(start, whole.opening()), is_visible=False)
        planner.spread(start, REASON_SECONDS, [(ItemDelta, item_id, piece) for piece in whole.pieces()])
        planner.at = start + REASON_SECONDS
        planner.plan(ItemClosed(planner.at, item_id), is_visible=False)
