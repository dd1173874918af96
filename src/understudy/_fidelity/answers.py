"""Compare whole answers: status, headers that matter, body or stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from understudy._apis.common import sse
from understudy._cassettes.interaction import Interaction
from understudy._common.messages import Headers
from understudy._fidelity.bindings import Bindings
from understudy._fidelity.compare import USUAL, Comparison, Habits, Mismatch, Place, is_cut_out
from understudy._fidelity.response_events import are_of_a_response, comparable
from understudy._reconstruct.field_dates import answer_kind, model_of
from understudy._reconstruct.timestamps import moment_of

_SAME = ("content-type", "openai-version", "content-disposition", "www-authenticate")
_THERE = ("x-request-id", "openai-processing-ms", "date")

Event = tuple[str, Any]


@dataclass(frozen=True)
class Served:
    """An answer of the service under test, whole."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


def compared(
    recorded: Interaction,
    served: Served,
    bindings: Bindings,
    *,
    operation: str = "",
    fallback: float = 0,
    shape: bool = False,
    habits: Habits = USUAL,
) -> list[Mismatch]:
    """Return how an answer differs.

    `fallback`: the time of an answer that does not show one, in unix seconds. The bindings grow.
    """
    events = recorded.events
    moment = moment_of(recorded) or fallback
    comparison = Comparison(
        bindings, moment, operation=answer_kind(operation, recorded), shape=shape, habits=habits, model=model_of(recorded)
    )
    found = [*_heads(recorded, served)]
    if recorded.status != served.status:
        return [*found, Mismatch("!status", "status", "", "", recorded.status, f"{served.status} {_message(served)}")]
    if recorded.is_stream:
        found += _streams(comparison, events, sse.parse(served.body))
    elif recorded.json is not None:
        found += comparison.values(recorded.json, served.json)
    elif recorded.body is not None and recorded.body != served.body and not shape:
        found.append(Mismatch("the body", "value", "", "", recorded.body, served.body))
    return found


def _message(served: Served) -> str:
    value = served.json
    error = value.get("error") if isinstance(value, dict) else None
    return str(error.get("message")) if isinstance(error, dict) else ""


def _heads(recorded: Interaction, served: Served) -> Iterator[Mismatch]:
    for name in _SAME:
        expected, got = recorded.header(name), served.header(name)
        if expected is None and (name != "content-type" or recorded.body):  # every body has one: it was not recorded
            continue
        if expected != got and not is_cut_out(expected):
            yield Mismatch(f"!header {name}", "header", "", "", expected, got)
    for name in _THERE:
        if recorded.header(name) is not None and served.header(name) is None:
            yield Mismatch(f"!header {name}", "header", "", "", recorded.header(name), None)


def _streams(comparison: Comparison, recorded: list[Event], served: list[Event]) -> Iterator[Mismatch]:
    if are_of_a_response(recorded):
        recorded, served = comparable(recorded, served)
    else:
        recorded, served = _joined(recorded), _joined(served)
    names, got = ([name for name, _ in events] for events in (recorded, served))
    if comparison.shape:
        first = _first_of_each(served)
        pairs = [(name, data, first[name]) for name, data in _first_of_each(recorded).items() if name in first]
    else:
        if names != got:
            at = next((n for n, (a, b) in enumerate(zip(names, got, strict=False)) if a != b), min(len(names), len(got)))
            yield Mismatch(f"events[{at}]", "events", "", "", names[at : at + 6], got[at : at + 6])
        pairs = [(name, data, other) for (name, data), (same, other) in zip(recorded, served, strict=False) if name == same]
    for position, (name, data, other) in enumerate(pairs):
        yield from comparison.values(data, other, Place(f"events[{position}] {name}: "))


def _first_of_each(events: list[Event]) -> dict[str, Any]:
    """Return the first event of every name, in their order."""
    return {name: next(data for same, data in events if same == name) for name, _ in events}


def _joined(events: list[Event]) -> list[Event]:
    """Join the pieces of each code input, and of each call's arguments.

    The model decides into how many pieces its tokens fall; a script sets it for messages, which is why those are compared
    piece by piece.
    """
    joined: list[Event] = []
    for key, group in groupby(events, key=_piece_of):
        pieces = list(group)
        if key is None:
            joined += pieces
            continue
        name, data = pieces[0]
        whole = json.loads(json.dumps(data))
        call = whole["delta"]["step_details"]["tool_calls"][0]
        part, field = key[2], key[3]
        call[part][field] = "".join(piece["delta"]["step_details"]["tool_calls"][0][part][field] for _, piece in pieces)
        joined.append((name, whole))
    return joined


def _piece_of(event: Event) -> tuple[str, int, str, str] | None:
    """Return what a step delta continues: step, call, and the field it adds to.

    None for any other event.
    """
    name, data = event
    if name != "thread.run.step.delta":
        return None
    calls = data["delta"]["step_details"].get("tool_calls") or []
    if len(calls) != 1 or "id" in calls[0]:
        return None
    part = calls[0].get("type", "")
    fields = list(calls[0].get(part) or {})
    return (data["id"], calls[0]["index"], part, fields[0]) if fields in (["arguments"], ["input"]) else None
