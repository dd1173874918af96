"""State as the fold of the events so far.

`fold(events) == reduce(apply, events, START)`, and `apply` is pure: it returns a new state. An execution applies each event
as it happens; a stream and a timeline apply the same events again (`states`), so that each event is shown with the state
it led to, however late it is read. Statuses change in one place only, `lifecycle.moved`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, ClassVar, NamedTuple

from understudy._engine.events import (
    Cancelling,
    Ended,
    Event,
    ItemAnswered,
    ItemClosed,
    ItemDelta,
    ItemOpened,
    Paused,
    Queued,
    Resumed,
    Started,
    StepClosed,
    StepOpened,
    Usage,
)
from understudy._engine.items import ItemState
from understudy._engine.lifecycle import LIFECYCLES, Lifecycle, moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The state of an execution itself, without its steps and items.

    Attributes:
        status: `queued`, `running`, `paused`, `cancelling`, or the outcome.
        deadline: when it expires, in unix seconds; None if it never does, or is over.
        started_at, ended_at: in unix seconds; None until then.
        waits_for: while it is paused, the item ids of the calls whose outputs it waits for.
        error: (code, message).
        reason: why it is incomplete.
    """

    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["execution"]
    status: str = "queued"
    deadline: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    waits_for: tuple[str, ...] = ()
    error: tuple[str, str] | None = None
    reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """The state of a step.

    `message_id`: the message it writes; None for calls. `error`: (code, message).
    """

    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["step"]
    id: str
    message_id: str | None
    status: str = "in_progress"
    ended_at: float | None = None
    error: tuple[str, str] | None = None
    usage: Usage | None = None


class ExecutionState(NamedTuple):
    """The whole state of an execution: its phase, its steps and its items.

    Steps and items are in the order in which they began.
    """

    phase: Phase = Phase()
    steps: tuple[StepState, ...] = ()
    items: tuple[Any, ...] = ()  # ItemStates

    def step(self, step_id: str) -> StepState:
        """Return a step that has begun."""
        return next(step for step in reversed(self.steps) if step.id == step_id)

    def item(self, item_id: str) -> Any:
        """Return an item that has begun."""
        last = self.items[-1]
        if last.id == item_id:  # the common case
            return last
        return next(item for item in reversed(self.items) if item.id == item_id)

    def items_of(self, step_id: str) -> list[Any]:
        """Return the items of a step, in the order they began."""
        return [item for item in self.items if item.step_id == step_id]

    @property
    def open_step(self) -> StepState | None:
        """Return the step in progress, or None."""
        return self.steps[-1] if self.steps and self.steps[-1].status == "in_progress" else None

    @property
    def open_items(self) -> list[Any]:
        """Return the items in progress."""
        return [item for item in self.items if item.status == "in_progress"]


START = ExecutionState()


def fold(events: Iterable[Event], state: ExecutionState = START) -> ExecutionState:
    """Return the state that events lead to."""
    return reduce(apply, events, state)


def states(events: Iterable[Event]) -> Iterator[tuple[Event, ExecutionState]]:
    """Yield each event with the state it led to."""
    state = START
    for event in events:
        state = apply(state, event)
        yield event, state


def apply(state: ExecutionState, event: Event) -> ExecutionState:
    """Return the state after one more event.

    Raises:
        IllegalTransition: the event cannot happen in this state.
    """
    return _APPLY[type(event)](state, event)


def apply_pieces(state: ExecutionState, item_id: str, pieces: Sequence[Any]) -> ExecutionState:
    """Return the state after pieces of one item.

    The same as `apply` with an `ItemDelta` for each of them.
    """
    return _with_item(state, state.item(item_id).plus_all(pieces))


def _phase(target: str) -> Callable[[ExecutionState, Any], ExecutionState]:
    return lambda state, event: ExecutionState(moved(state.phase, target, event.at), state.steps, state.items)


def _paused(state: ExecutionState, event: Paused) -> ExecutionState:
    return ExecutionState(moved(state.phase, "paused", event.at, waits_for=event.item_ids), state.steps, state.items)


def _queued(_: ExecutionState, event: Queued) -> ExecutionState:
    return ExecutionState(Phase(deadline=event.deadline))


def _ended(state: ExecutionState, event: Ended) -> ExecutionState:
    facts = {"error": event.error, "reason": event.reason, "usage": event.usage}
    return ExecutionState(moved(state.phase, event.outcome, event.at, **facts), state.steps, state.items)


def _step_opened(state: ExecutionState, event: StepOpened) -> ExecutionState:
    return ExecutionState(state.phase, (*state.steps, StepState(id=event.step_id, message_id=event.message_id)), state.items)


def _step_closed(state: ExecutionState, event: StepClosed) -> ExecutionState:
    *before, last = state.steps  # which alone is open
    closed = moved(last, event.outcome, event.at, usage=event.usage, error=event.error)
    return ExecutionState(state.phase, (*before, closed), state.items)


def _with_item(state: ExecutionState, item: ItemState) -> ExecutionState:
    if state.items[-1].id == item.id:  # the common case
        return ExecutionState(state.phase, state.steps, (*state.items[:-1], item))
    return ExecutionState(state.phase, state.steps, tuple(item if other.id == item.id else other for other in state.items))


def _item_opened(state: ExecutionState, event: ItemOpened) -> ExecutionState:
    return ExecutionState(state.phase, state.steps, (*state.items, event.state))


def _item_delta(state: ExecutionState, event: ItemDelta) -> ExecutionState:
    items = state.items  # the last of which alone is being written, and there may be thousands of deltas
    return ExecutionState(state.phase, state.steps, (*items[:-1], items[-1].plus(event.piece)))


def _item_closed(state: ExecutionState, event: ItemClosed) -> ExecutionState:
    item = state.item(event.item_id)
    status = "completed" if event.reason is None else "incomplete"
    return _with_item(state, moved(item, status, event.at, reason=event.reason, **item.closing()))


def _item_answered(state: ExecutionState, event: ItemAnswered) -> ExecutionState:
    return _with_item(state, replace(state.item(event.item_id), output=event.output))


_APPLY: dict[type[Event], Callable[[ExecutionState, Any], ExecutionState]] = {
    Queued: _queued,
    Started: _phase("running"),
    Paused: _paused,
    Resumed: _phase("queued"),
    Cancelling: _phase("cancelling"),
    Ended: _ended,
    StepOpened: _step_opened,
    StepClosed: _step_closed,
    ItemOpened: _item_opened,
    ItemDelta: _item_delta,
    ItemClosed: _item_closed,
    ItemAnswered: _item_answered,
}
