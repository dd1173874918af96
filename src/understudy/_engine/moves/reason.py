"""The model reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from understudy._common.code_repr import first
from understudy._engine.content import WORDS
from understudy._engine.events import ItemClosed, ItemOpened
from understudy._engine.items import ReasoningState
from understudy._engine.moves.base import Move
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.planning import Planner

REASON_SECONDS = 2


@dataclass(frozen=True, slots=True, repr=False)
class Reason(Move):
    """The model reasons before it continues.

    A run does not show it, and takes 3 s longer.

    Args:
        summary: the reasoning summary, for an API that shows it: a text, or a list of texts for several parts; None for no
            summary.
    """

    summary: str | Sequence[str] | None = first(default=None)

    def __post_init__(self) -> None:
        if self.summary is None or isinstance(self.summary, str):
            return
        given = self.summary
        parts = tuple(given) if isinstance(given, list | tuple) else ()
        if not parts or not all(isinstance(part, str) for part in parts):
            raise ImpossibleScript(f"Reason({given!r}): expected a str, a list of at least one str, or None")
        object.__setattr__(self, "summary", parts)

    @property
    def parts(self) -> tuple[str, ...] | None:
        """Return the summary's parts; None for no summary."""
        return (self.summary,) if isinstance(self.summary, str) else self.summary  # type: ignore[return-value]

    def plan(self, planner: Planner) -> None:
        start = planner.begin_step()
        parts = self.parts
        chunks = tuple((number, piece) for number, part in enumerate(parts or ()) for piece in WORDS.findall(part) or [""])
        item_id = planner.item_id("reasoning", planner.execution.id, start)
        whole = ReasoningState(id=item_id, summary=parts, chunks=chunks)
        planner.plan(ItemOpened(start, whole.opening()), is_visible=False)
        planner.send(start, REASON_SECONDS, item_id, whole.pieces())
        planner.at = start + REASON_SECONDS
        planner.plan(ItemClosed(planner.at, item_id), is_visible=False)
