"""What a recorded session shows: its objects, and what the model did in each run.

A *view* of an object is its JSON as one answer showed it. Facts are collected over the whole session before any of it is
sent, since what a run does is often shown only later, in a list of its steps or messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction

Json = dict[str, Any]


@dataclass(frozen=True)
class Waited:
    """The calls of one `requires_action`.

    `at`: a time at which the run had begun with them, in unix seconds.
    """

    at: float
    calls: list[Json]


@dataclass
class RunFacts:
    """What the recording shows of one run.

    Attributes:
        views: the run as it was shown, oldest first, with the index of the exchange.
        steps, messages: the latest view of each, by id, in the order they were made.
        chunks: the pieces that a stream sent a message's text in, by message id.
        submitted: the call ids of each submit that was accepted.
        created, cancelled: the index of the exchange that created it, or asked for its end; None if none did.
    """

    id: str
    thread_id: str = ""
    assistant_id: str = ""
    views: list[tuple[int, Json]] = field(default_factory=list)
    steps: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    chunks: dict[str, list[str]] = field(default_factory=dict)
    submitted: list[list[str]] = field(default_factory=list)
    created: int | None = None
    cancelled: int | None = None

    @property
    def status(self) -> str | None:
        """The last status that was shown; None if none was."""
        return self.views[-1][1]["status"] if self.views else None

    def calls_waited_for(self) -> list[Waited]:
        """Return the calls of each `requires_action`, once each.

        Those shown come first, then those that are only answered.
        """
        found: list[Waited] = []
        for _, view in self.views:
            if view.get("required_action"):
                calls = view["required_action"]["submit_tool_outputs"]["tool_calls"]
                if not any(waited.calls[0]["id"] == calls[0]["id"] for waited in found):
                    found.append(Waited(view.get("started_at") or view.get("created_at") or 0, calls))
        name = next((tool["function"]["name"] for tool in self._functions()), "not_shown")
        for ids in self.only_answered():
            function = {"name": name, "arguments": "{}"}
            found.append(Waited(0, [{"id": call_id, "type": "function", "function": function} for call_id in ids]))
        return found

    def only_answered(self) -> list[list[str]]:
        """Return the call ids of each submit whose calls no answer shows."""
        actions = [view["required_action"] for _, view in self.views if view.get("required_action")]
        details = [step.get("step_details") or {} for step in self.steps.values()]
        calls = [action["submit_tool_outputs"]["tool_calls"] for action in actions]
        calls += [one.get("tool_calls") or [] for one in details]
        shown = {call["id"] for together in calls for call in together}
        return [ids for ids in self.submitted if not shown & set(ids)]

    def may_call(self, name: str) -> bool:
        """Return True if a function is among the run's tools, as far as these are shown."""
        shows_tools = any(view.get("tools") for _, view in self.views[:1])
        return not shows_tools or any(tool["function"]["name"] == name for tool in self._functions())

    def _functions(self) -> Iterator[Json]:
        for _, view in self.views[:1]:
            yield from (tool for tool in view.get("tools") or () if tool["type"] == "function")


class Facts:
    """What one session shows of its objects and runs.

    Attributes:
        first_views: the first view of every object, by id.
        runs: the facts of each run.
    """

    def __init__(self, session: Sequence[Interaction]) -> None:
        self.session = session
        self.first_views: dict[str, Json] = {}
        self.runs: dict[str, RunFacts] = {}
        self._order: dict[str, tuple[float, int]] = {}
        self._count = 0
        for exchange in session:
            self._read(exchange)
        for run in self.runs.values():
            self._finish(run)

    def age(self, object_id: str) -> tuple[float, int]:
        """Return a sort key that puts objects in order, oldest first."""
        return self._order.get(object_id, (0, 0))

    def _read(self, exchange: Interaction) -> None:
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name = operation.name if operation else ""
        if "run_id" in ids and ids["run_id"] not in str(exchange.json if exchange.status == 404 else ""):
            self._run(ids["run_id"]).thread_id = ids["thread_id"]
        if exchange.status >= 400:
            return
        if exchange.is_stream:
            self._read_stream(exchange)
        elif isinstance(exchange.json, dict):
            backwards = exchange.method == "GET" and ("order", "asc") not in exchange.query
            for view in objects_in(exchange.json):
                self._see(exchange.index, view, ids.get("vector_store_id", ""), backwards=backwards)
            if name in ("runs.create", "threads.create_and_run"):
                run = self._run(exchange.json["id"])
                run.created, run.thread_id = exchange.index, ids.get("thread_id", "")
        if name == "runs.submit_tool_outputs" and isinstance(exchange.request_json, dict):
            outputs = exchange.request_json.get("tool_outputs", ())
            self._run(ids["run_id"]).submitted.append([output["tool_call_id"] for output in outputs])
        if name == "runs.cancel":
            self._run(ids["run_id"]).cancelled = exchange.index

    def _read_stream(self, exchange: Interaction) -> None:
        for event, data in exchange.events:
            for view in objects_in(data):
                self._see(exchange.index, view)
                if event == "thread.run.created":
                    self._run(view["id"]).created = exchange.index
            if event == "thread.message.delta" and isinstance(data, dict):
                self._read_delta(data)

    def _see(self, index: int, view: Json, asked_store: str = "", *, backwards: bool = False) -> None:
        """Note a view.

        `asked_store` is the vector store of the request, for a file that does not name its own.
        """
        object_id, kind = view["id"], view["object"]
        if kind.endswith((".deleted", ".delta")):
            return
        store_id = view.get("vector_store_id") or asked_store
        key = f"{store_id}/{object_id}" if kind == "vector_store.file" else object_id
        self.first_views.setdefault(key, view)
        self._count += 1
        self._order.setdefault(key, (view.get("created_at") or 0, -self._count if backwards else self._count))
        if kind == "thread.run":
            self._run(object_id).views.append((index, view))
        elif kind == "thread.run.step":
            steps = self._run(view["run_id"]).steps
            steps[object_id] = _richer(steps.get(object_id), view)
        elif kind == "thread.message" and view.get("run_id"):
            messages = self._run(view["run_id"]).messages
            if view.get("content") or object_id not in messages:
                messages[object_id] = view

    def _read_delta(self, data: Json) -> None:
        parts = (data.get("delta") or {}).get("content") or ()
        texts = [(part.get("text") or {}).get("value") or "" for part in parts if part.get("type") == "text"]
        for run in self.runs.values():
            if data.get("id") in run.messages:
                run.chunks.setdefault(data["id"], []).extend(texts)

    def _run(self, run_id: str) -> RunFacts:
        return self.runs.setdefault(run_id, RunFacts(run_id))

    def _finish(self, run: RunFacts) -> None:
        """Sort what was collected, and find the thread and the assistant of the run."""
        for made in (run.steps, run.messages):
            ordered = sorted(made, key=self.age)
            views = [made[key] for key in ordered]
            made.clear()
            made.update(zip(ordered, views, strict=True))
        for view in (*(view for _, view in run.views), *run.messages.values(), *run.steps.values()):
            run.thread_id = run.thread_id or view.get("thread_id") or ""
            run.assistant_id = run.assistant_id or view.get("assistant_id") or ""


def objects_in(value: Any) -> Iterator[Json]:
    """Yield every object with an id in a value, outer ones first."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str) and isinstance(value.get("object"), str):
            yield value
        for item in value.values():
            yield from objects_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects_in(item)


def dicts_in(value: Any) -> Iterator[Json]:
    """Yield every JSON object in a value, outer ones first."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from dicts_in(item)


def is_v1(exchange: Interaction) -> bool:
    """Return True if an exchange was recorded with the v1 header.

    Such an exchange does not show what v2 did.
    """
    return any(name.lower() == "openai-beta" and value.endswith("v1") for name, value in exchange.request_headers)


def _richer(old: Json | None, new: Json) -> Json:
    """Return the newer view of a step, with what only the older one showed.

    That is passages found, and calls not yet cleared.
    """
    if old is None:
        return new
    known = {call["id"]: call for call in old["step_details"].get("tool_calls") or ()}
    calls = new["step_details"].get("tool_calls")
    if not known or calls is None:
        return new
    merged = [_richer_call(known.pop(call["id"], None), call) for call in calls] or list(known.values())
    return new | {"step_details": new["step_details"] | {"tool_calls": merged}}


def _richer_call(old: Json | None, new: Json) -> Json:
    if old is None or new["type"] != "file_search":
        return new
    before, after = (call["file_search"].get("results") or [] for call in (old, new))
    if sum("content" in result for result in before) > sum("content" in result for result in after):
        return old
    return new
