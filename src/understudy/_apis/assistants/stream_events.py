"""Stream events of the Assistants API, made from the events of the engine.

`NAMES` is the one table: an event of the engine becomes none, one or two of the API's, in the order recorded.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants import render
from understudy._apis.assistants.objects import Run
from understudy._engine.events import (
    Cancelling,
    Ended,
    Event,
    ItemClosed,
    ItemDelta,
    ItemOpened,
    Paused,
    Queued,
    Resumed,
    Started,
    StepClosed,
    StepOpened,
)
from understudy._engine.fold import ExecutionState
from understudy._engine.items import CallState, MessageState

Json = dict[str, Any]

# By the event, and the kind of its item: the names, with `{}` for the final status. Other events are not sent.
NAMES: dict[tuple[type[Event], str], tuple[str, ...]] = {
    (Queued, ""): ("thread.run.created", "thread.run.queued"),
    (Started, ""): ("thread.run.in_progress",),
    (Paused, ""): ("thread.run.requires_action",),
    (Resumed, ""): ("thread.run.queued",),
    (Cancelling, ""): ("thread.run.cancelling",),
    (Ended, ""): ("thread.run.{}",),
    (StepOpened, ""): ("thread.run.step.created", "thread.run.step.in_progress"),
    (StepClosed, ""): ("thread.run.step.{}",),
    (ItemOpened, "message"): ("thread.message.created", "thread.message.in_progress"),
    (ItemDelta, "message"): ("thread.message.delta",),
    (ItemClosed, "message"): ("thread.message.{}",),
    (ItemOpened, "call"): ("thread.run.step.delta",),
    (ItemDelta, "call"): ("thread.run.step.delta",),
}


def item_of(event: Event, state: ExecutionState) -> Any:
    """Return the state of the item of an event, or None if it has no item."""
    if isinstance(event, ItemOpened):
        return event.state
    item_id = getattr(event, "item_id", None)
    return None if item_id is None else state.item(item_id)


def names_of(event: Event, item: Any) -> tuple[str, ...]:
    """Return the names of the stream events for an event of the engine.

    `item`: the state of its item after the event, None if it has no item.
    """
    kind = "" if item is None else "call" if isinstance(item, CallState) else item.kind
    names = NAMES.get((type(event), kind), ())
    if isinstance(event, Ended | StepClosed):
        return tuple(name.format(event.outcome) for name in names)
    if isinstance(event, ItemClosed):
        return tuple(name.format(item.status) for name in names)
    return names


def api_events(run: Run, event: Event, state: ExecutionState, *, with_content: bool = False) -> list[tuple[str, Json]]:
    """Return the stream events for an event of the engine: names and payloads.

    `state`: the state after the event.
    """
    item = item_of(event, state)
    if isinstance(event, ItemDelta) and isinstance(item, MessageState):  # there may be thousands of them
        return [(NAMES[ItemDelta, "message"][0], render.message_delta(item.id, event.piece))]
    names = names_of(event, item)
    if not names:
        return []
    payload = _payload(run, event, state, item, with_content=with_content)
    return [(name, payload) for name in names]


def _payload(run: Run, event: Event, state: ExecutionState, item: Any, *, with_content: bool) -> Json:
    if item is None:
        if isinstance(event, StepOpened | StepClosed):
            step: Any = run.steps.get(event.step_id)
            calls = state.items_of(event.step_id)
            return render.step_at(run, step, state.step(event.step_id), calls, with_content=with_content)
        return render.run(run, state)
    if isinstance(item, CallState):
        index = state.items_of(str(item.step_id)).index(item)
        if isinstance(event, ItemDelta):
            return render.call_delta(str(item.step_id), index, item, event.piece)
        return render.call_opened(str(item.step_id), index, item, with_content=with_content)
    return render.message(run.execution.items[item.id], item)
