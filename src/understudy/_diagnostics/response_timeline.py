"""The timeline of a response: what happened when, named as in its stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis.responses.lifecycle import response_status
from understudy._apis.responses.objects import ModelResponse
from understudy._apis.responses.stream_events import StreamWriter
from understudy._common.short_text import short
from understudy._diagnostics.timeline import CALLED, Moment, Timeline
from understudy._engine.events import Ended, Event, Paused
from understudy._engine.fold import ExecutionState, states


def response_timeline(response: ModelResponse) -> Timeline:
    """Return the timeline of a simulated response so far.

    Consecutive deltas of one item are one moment, at the time of the last.
    """
    moments: list[Moment] = []
    writer = StreamWriter(response, obfuscates=False)
    for event, state in states(response.execution.events):
        for moment in _moments(event, state, writer, event.at - response.created_at):
            if (
                moment.name.endswith("delta")
                and moments
                and (moments[-1].what, moments[-1].name) == (moment.what, moment.name)
            ):
                moments.pop()
            moments.append(moment)
    return Timeline(response.id, response_status(response.execution.status), tuple(moments))


def _moments(event: Event, state: ExecutionState, writer: StreamWriter, at: float) -> Iterator[Moment]:
    """Yield the moments of an event, one for each event of the stream."""
    for sent, payload in writer.sent(event, state):
        name = sent.removeprefix("response.").removeprefix("output_")
        item_id = payload.get("item_id") or payload.get("item", {}).get("id")
        if item_id is None:
            status = CALLED if isinstance(event, Paused) else str(payload["response"]["status"])
            yield Moment(at, "run", name, _of_response(event, state), status)
        else:
            words = short(state.item(item_id).words) if name == "item.done" else ""
            yield Moment(at, item_id, name, words, status_of_item(name, payload.get("item", {})))
    if isinstance(event, Ended) and event.outcome == "cancelled":  # no stream says so
        yield Moment(at, "run", event.outcome)


def status_of_item(name: str, item: dict[str, Any]) -> str:
    """Return the status that an event begins for an item; "" if none."""
    if name == "item.added":
        return "in_progress"
    return str(item.get("status") or "completed") if name == "item.done" else ""


def _of_response(event: Event, state: ExecutionState) -> str:
    phase = state.phase
    if isinstance(event, Paused):
        return ", ".join(short(state.item(item_id).words) for item_id in phase.waits_for)
    return f"{phase.error[0]}: {short(phase.error[1])}" if phase.error else phase.reason or ""
