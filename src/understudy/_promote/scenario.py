"""The script of each run of a session, and its objects' ids in creation order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._promote.response_scenario import ResponseScenario
from understudy._reconstruct.moves import NOT_SHOWN, PerformedStep, ending_of, steps_of
from understudy._reconstruct.object_references import ObjectReference, object_references
from understudy._reconstruct.session_facts import Facts, Json, RunFacts
from understudy.scripts import FunctionCall, Reply, Step

_UNDECIDED = (None, "queued", "in_progress", "requires_action")
_PREFIXES = {"message": "msg_", "step": "step_", "call": "call_", "function_item": "fc_", "reasoning": "rs_"}


class RunScript:
    """One run as the simulated service should perform it.

    Attributes:
        moves: its script.
    """

    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts
        self._performed = _steps_performed(facts)
        shown = tuple(performed.move for performed in self._performed)
        is_plain = facts.cancelled is None and facts.status in (*_UNDECIDED, "completed")
        self.moves: tuple[Step, ...] = shown if is_plain else (*shown, *ending_of(facts))

    def segments(self) -> list[list[tuple[str, str]]]:
        """Return the (kind, id) of what the run makes, up to each call it waits for.

        The id is "" where no answer shows it.
        """
        found: list[list[tuple[str, str]]] = [[]]
        for performed in self._performed:
            found[-1] += self._ids_of(performed)
            calls = performed.move if isinstance(performed.move, tuple) else (performed.move,)
            if any(isinstance(call, FunctionCall) for call in calls):
                found.append([])
        return found

    def _ids_of(self, performed: PerformedStep) -> Iterator[tuple[str, str]]:
        if isinstance(performed.move, Reply):
            yield "message", performed.message_id
        yield "step", performed.step_id
        details = self.facts.steps[performed.step_id]["step_details"] if performed.step_id else {}
        for call in details.get("tool_calls") or ():
            if call["type"] != "function":  # a function's call has its id in the script
                yield "call", call["id"]


def _steps_performed(facts: RunFacts) -> list[PerformedStep]:
    """Return what the run does.

    A run that was never seen to answer replies that the recording does not show it.
    """
    steps = steps_of(facts, str, keep_ids=True)
    unseen = facts.status in _UNDECIDED or (facts.status == "completed" and not steps)
    if unseen and facts.cancelled is None and not any(isinstance(performed.move, Reply) for performed in steps):
        steps.append(PerformedStep(0, Reply(NOT_SHOWN)))
    return steps


def ids_made(
    session: Sequence[Interaction], facts: Facts, scripts: dict[str, RunScript], responses: ResponseScenario
) -> list[str]:
    """Return the ids of all that a session created, in the order they are drawn.

    Where no answer shows an id, a made-up one takes its place, unless no id of its kind follows.
    """
    walk = _Walk(session, facts, scripts, responses)
    drawn = [
        pair for exchange in session if exchange.status < 400 and not exchange.is_read for pair in walk.made_by(exchange)
    ]
    last = {kind: number for number, (kind, object_id) in enumerate(drawn) if object_id}
    counts: Counter[str] = Counter()
    ids = []
    for number, (kind, object_id) in enumerate(drawn):
        if number <= last.get(kind, -1):
            counts[kind] += not object_id
            ids.append(object_id or f"{_PREFIXES[kind]}{counts[kind]:024d}")
    return ids


class _Walk:
    """Walks through a session and yields what each write created."""

    def __init__(
        self, session: Sequence[Interaction], facts: Facts, scripts: dict[str, RunScript], responses: ResponseScenario
    ) -> None:
        self._facts = facts
        self._responses = responses
        self._segments = {run_id: script.segments() for run_id, script in scripts.items()}
        of_runs = {key for run in facts.runs.values() for key in (*run.steps, *run.messages, run.id)}
        self._made: dict[int, list[ObjectReference]] = {}
        written = {exchange.index for exchange in session if not exchange.is_read}
        for name in object_references(session).values():
            if name.made and name.id not in of_runs and name.kind != "step" and name.index in written:
                self._made.setdefault(name.index, []).append(name)
        self._alone = {name.id for names in self._made.values() for name in names}
        self._of_runs = of_runs

    def made_by(self, exchange: Interaction) -> Iterator[tuple[str, str]]:
        """Yield the (kind, id) of everything that a write created, in order."""
        for name in self._made.get(exchange.index, ()):
            yield name.kind, name.id
        yield from self._responses.made_by(exchange)
        if exchange.path.startswith("/conversations") and exchange.method == "POST":
            yield from self._responses.items_put(exchange)
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name_of = operation.name if operation else ""
        body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
        for run_id, segments in self._segments.items():
            run = self._facts.runs[run_id]
            if run.created == exchange.index:
                yield "run", run_id
                yield from self._messages(run.thread_id, len(_given_messages(body)))
                yield from segments.pop(0)
            elif name_of == "runs.submit_tool_outputs" and ids["run_id"] == run_id and segments:
                yield from segments.pop(0)
        if name_of == "threads.create" and isinstance(exchange.json, dict):
            yield from self._messages(exchange.json["id"], len(_given_messages(body)))

    def _messages(self, thread_id: str, count: int) -> Iterator[tuple[str, str]]:
        """Yield the messages given along with a thread or run.

        Only later answers show their ids, if any do.
        """
        shown = [
            view["id"]
            for view in self._facts.first_views.values()
            if view["object"] == "thread.message" and view.get("thread_id") == thread_id and view["id"] not in self._taken
        ]
        for message_id in [*sorted(shown, key=self._facts.age), *[""] * count][:count]:
            self._alone.add(message_id)
            yield "message", message_id

    @property
    def _taken(self) -> set[str]:
        return self._alone | self._of_runs


def _given_messages(body: Json) -> list[Any]:
    """Return the messages in the body of a request that creates a thread or a run."""
    thread = body.get("thread") if isinstance(body.get("thread"), dict) else {}
    return [*(body.get("messages") or ()), *(body.get("additional_messages") or ()), *((thread or {}).get("messages") or ())]
