"""Conversations on threads of the Assistants API, as a recording shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from understudy._apis import faces
from understudy._apis.assistants.lifecycle import TERMINAL
from understudy._cassettes import Interaction
from understudy._inspect.conversation_entry import ConversationEntry, compact, error_text, text_of_parts, tokens_of
from understudy._reconstruct.session_facts import Facts, Json, RunFacts, objects_in

_Place = tuple[float, float]  # sorts what happened on a thread: the second, then the order in which it was shown
_BEFORE_ALL = float("-inf")
_CREATES = ("runs.create", "threads.create_and_run")


def thread_entries(interactions: Sequence[Interaction]) -> list[ConversationEntry]:
    """Return what was said on each thread, in its order.

    Empty for a recording without threads.
    """
    facts = Facts(interactions)
    shown = _first_shown(interactions)
    placed: list[tuple[_Place, ConversationEntry]] = [*_given_along(interactions, facts)]
    given = [(entry.conversation, entry.kind, entry.text) for _, entry in placed]
    for view in facts.first_views.values():
        if view["object"] != "thread.message" or (view.get("run_id") and view.get("role") == "assistant"):
            continue
        entry = _message(view, shown.get(view["id"], 0))
        key = (entry.conversation, entry.kind, entry.text)
        if key in given:
            given.remove(key)
        else:
            placed.append((facts.age(view["id"]), entry))
    outputs = _outputs(interactions)
    for run in facts.runs.values():
        place = facts.age(run.id if run.views else next(iter(run.messages), ""))
        placed += ((place, entry) for entry in _run(run, shown, outputs))
    placed += _refused(interactions, facts)
    return [entry for _, entry in sorted(placed, key=lambda one: one[0])]


def _first_shown(interactions: Sequence[Interaction]) -> dict[str, int]:
    """Return, by id, the number of the exchange that first shows an object."""
    found: dict[str, int] = {}
    for exchange in interactions:
        for value in [data for _, data in exchange.events] or [exchange.json]:
            for each in objects_in(value):
                found.setdefault(each["id"], exchange.index)
    return found


def _outputs(interactions: Sequence[Interaction]) -> dict[str, tuple[str, int]]:
    """Return, by call, the output that the app submitted, and its exchange's number."""
    found = {}
    for exchange in interactions:
        body = exchange.request_json
        submitted = body.get("tool_outputs") if isinstance(body, dict) and exchange.status < 400 else None
        for output in submitted or ():
            if isinstance(output.get("output"), str):
                found[output.get("tool_call_id", "")] = output["output"], exchange.index
    return found


def _message(view: Json, exchange: int) -> ConversationEntry:
    role = str(view.get("role") or "user")
    thread = view.get("thread_id") or ""
    return ConversationEntry(kind=role, conversation=thread, exchange=exchange, text=text_of_parts(view.get("content")))


def _given_along(interactions: Sequence[Interaction], facts: Facts) -> Iterator[tuple[_Place, ConversationEntry]]:
    """Yield the messages that came with the request for a thread or a run.

    The answer does not show them.
    """
    for exchange in interactions:
        body, answer = exchange.request_json, _object_made(exchange)
        if answer is None or not isinstance(body, dict):
            continue
        thread_id = answer["id"] if answer["object"] == "thread" else answer.get("thread_id") or ""
        created, _ = facts.age(answer["id"])
        for message in _messages_in(body):
            yield (created, _BEFORE_ALL), replace(_message(message, exchange.index), conversation=thread_id)


def _object_made(exchange: Interaction) -> Json | None:
    """Return the thread or run that a request created."""
    operation = faces.ALL.find(exchange.method, exchange.path).operation
    if exchange.status >= 400 or operation is None or operation.name not in (*_CREATES, "threads.create"):
        return None
    shown = (each for value in [data for _, data in exchange.events] or [exchange.json] for each in objects_in(value))
    return next((each for each in shown if each["object"] in ("thread", "thread.run")), None)


def _messages_in(body: Json) -> list[Json]:
    thread = body.get("thread")
    inner = thread.get("messages") if isinstance(thread, dict) else None
    return [*(body.get("messages") or ()), *(inner or ()), *(body.get("additional_messages") or ())]


def _refused(interactions: Sequence[Interaction], facts: Facts) -> Iterator[tuple[_Place, ConversationEntry]]:
    """Yield the messages, runs and outputs that were refused.

    What follows can often be understood only with them.
    """
    place: _Place = (0, _BEFORE_ALL)
    for exchange in interactions:
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        for each in objects_in(exchange.json):
            place = max(place, facts.age(each["id"]))
        if exchange.status >= 400 and not exchange.is_read and operation is not None and "thread_id" in ids:
            text = f"{operation.name}: {exchange.status} {error_text(exchange.json)}".strip()
            yield (
                place,
                ConversationEntry(
                    kind="outcome", name="refused", conversation=ids["thread_id"], exchange=exchange.index, text=text
                ),
            )


class _OfRun:
    """Makes the entries of one run."""

    def __init__(self, run: RunFacts, shown: dict[str, int], outputs: dict[str, tuple[str, int]]) -> None:
        self._run = run
        self._shown = shown
        self._outputs = outputs
        self._start = run.views[0][0] if run.views else min((shown.get(one, 0) for one in run.messages), default=0)

    def entry(self, kind: str, exchange: int | None = None, **parts: Any) -> ConversationEntry:
        place = self._start if exchange is None else exchange
        return ConversationEntry(kind=kind, conversation=self._run.thread_id, exchange=place, **parts)

    def message(self, message_id: str) -> Iterator[ConversationEntry]:
        view = self._run.messages.get(message_id)
        if view is not None:
            yield self.entry("assistant", self._shown.get(message_id), text=text_of_parts(view.get("content")))

    def calls(self, calls: Sequence[Json], step_id: str = "") -> Iterator[ConversationEntry]:
        """Yield the calls of a step, then what they returned."""
        exchange = self._shown.get(step_id)
        for call in calls:
            name, text = _call(call)
            yield self.entry("call", exchange, name=name, text=text, call_id=call.get("id") or "")
        for call in calls:
            for text, place in self._returned(call):
                yield self.entry("output", exchange if place is None else place, text=text, call_id=call.get("id") or "")

    def _returned(self, call: Json) -> Iterator[tuple[str, int | None]]:
        details = call.get(call["type"]) or {}
        if call.get("id") in self._outputs:
            yield self._outputs[call["id"]]
        elif isinstance(details.get("output"), str):
            yield details["output"], None
        for output in details.get("outputs") or ():
            yield output.get("logs") or text_of_parts([output]), None
        if details.get("results"):
            yield ", ".join(str(one.get("file_name") or one.get("file_id")) for one in details["results"]), None


def _call(call: Json) -> tuple[str, str]:
    """Return the name of what is called, and its arguments."""
    details = call.get(call["type"]) or {}
    if call["type"] == "function":
        return details.get("name") or "", compact(details.get("arguments") or "")
    return call["type"], compact(details.get("input") or "")


def _run(run: RunFacts, shown: dict[str, int], outputs: dict[str, tuple[str, int]]) -> Iterator[ConversationEntry]:
    of_run = _OfRun(run, shown, outputs)
    first = run.views[0][1] if run.views else {}
    if first.get("instructions"):
        yield of_run.entry("instructions", text=first["instructions"])
    waiting, written = run.calls_waited_for(), set()
    parts: list[tuple[float, list[ConversationEntry]]] = []
    for step in run.steps.values():
        details = step.get("step_details") or {}
        message_id = (details.get("message_creation") or {}).get("message_id")
        calls = details.get("tool_calls") or []
        waiting = [one for one in waiting if not {call["id"] for call in one.calls} & {call["id"] for call in calls}]
        written.add(message_id)
        made = of_run.message(message_id) if message_id else of_run.calls(calls, step["id"])
        parts.append((step.get("created_at") or 0, list(made)))
    parts += [(one.at, list(of_run.calls(one.calls))) for one in waiting]
    without_step = (one for one in run.messages if one not in written)
    parts += [(run.messages[one].get("created_at") or 0, list(of_run.message(one))) for one in without_step]
    for _, entries in sorted(parts, key=lambda part: part[0]):
        yield from entries
    yield from _ended(run, of_run)


def _ended(run: RunFacts, of_run: _OfRun) -> Iterator[ConversationEntry]:
    if not run.views or run.status not in TERMINAL:
        return
    last = run.views[-1][1]
    exchange = next(index for index, view in run.views if view["status"] == run.status)
    error = last.get("last_error") or {}
    reason = (last.get("incomplete_details") or {}).get("reason") or ""
    text = ": ".join(filter(None, [error.get("code"), error.get("message"), reason]))
    yield of_run.entry("outcome", exchange, name=run.status, text=text, tokens=tokens_of(last.get("usage")))
