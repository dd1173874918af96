"""What coverage lists as missing comes with what covers it: every piece of advice is followed here, by a real client."""

from __future__ import annotations

import re
from typing import Any

import httpx
import openai
import pytest

import understudy
from understudy import Backend, faults
from understudy._apis import faces
from understudy._apis.assistants.event_names import EVENT_NAMES
from understudy._apis.assistants.lifecycle import RUN
from understudy._common.observers import observing
from understudy._coverage import names
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.targets import CoverageTarget, possible

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "look_up"}},
    {"type": "code_interpreter"},
    {"type": "file_search"},
]
OVER = ("completed", "incomplete", "failed", "cancelled", "expired")
EVERYTHING = possible()
ADVISED = [(group, item) for group, items in EVERYTHING.items() for item in items if item.script]


class App:
    """Polls or streams, submits, and cancels where it is told to."""

    def __init__(self, backend: Backend, item: CoverageTarget) -> None:
        self.client = backend.client(max_retries=0)
        self.runs = self.client.beta.threads.runs
        self.is_streamed = item.trigger.startswith("stream")
        cancels = re.search(r"cancel it (?:in status|at) (\S+)", item.trigger)
        self.cancel_at = cancels[1] if cancels else ""

    def go(self, assistant: str) -> None:
        thread: Any = {"messages": [{"role": "user", "content": "Hello?"}]}
        if self.is_streamed:
            run = self.read(self.client.beta.threads.create_and_run(assistant_id=assistant, thread=thread, stream=True))
        else:
            run = self.client.beta.threads.create_and_run(assistant_id=assistant, thread=thread)
        while run.status not in OVER:
            if run.status == self.cancel_at:
                self.cancel_at = ""
                run = self.runs.cancel(run.id, thread_id=run.thread_id)
            elif run.status == "requires_action":
                run = self.submit(run)
            else:
                run = self.runs.retrieve(run.id, thread_id=run.thread_id)

    def read(self, stream: Any) -> Any:
        run: Any = None
        for event in stream:
            if event.data.object == "thread.run":
                run = event.data
            if self.cancel_at in (event.event, event.event.removeprefix("thread.run.")):
                self.cancel_at = ""
                self.runs.cancel(run.id, thread_id=run.thread_id)
        return run

    def submit(self, run: Any) -> Any:
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [{"tool_call_id": call.id, "output": "42"} for call in calls]
        if self.is_streamed:
            return self.read(
                self.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs, stream=True)
            )
        try:
            return self.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)
        except openai.BadRequestError:  # it expired meanwhile
            return self.runs.retrieve(run.id, thread_id=run.thread_id)


@pytest.mark.parametrize(("group", "item"), ADVISED, ids=[f"{group}: {item.name}" for group, item in ADVISED])
def test_the_advice_covers_it(group: str, item: CoverageTarget) -> None:
    """A script that is given for something, pasted into a test, makes the app meet it."""
    watch = SuiteWatch()
    watch.test = "test_it"
    with observing(watch):
        backend = Backend(strict=False)
        assistant = backend.add_assistant(tools=TOOLS)
        exec(item.script, {name: getattr(understudy, name) for name in understudy.__all__} | {"understudy": backend})
        try:
            App(backend, item).go(assistant.id)
        except (openai.APIError, httpx.HTTPError, AttributeError, ValueError) as error:
            if group not in (names.FAULTS, names.EVENTS):
                raise AssertionError(item.script) from error
    watch.test_ended()
    assert watch.tally.met[group][item.name].test == "test_it", item.script
    assert backend.problems == []


def test_what_there_is_comes_from_the_tables() -> None:
    """Nothing that the tables hold is forgotten: statuses, transitions, events, operations, kinds of faults."""
    named = {group: [item.name for item in items] for group, items in EVERYTHING.items()}
    assert set(named[names.STATUSES]) == {status for row in RUN for status in (row.source, row.target)}
    assert named[names.TRANSITIONS] == [f"{row.source} -> {row.target}" for row in RUN]
    assert named[names.EVENTS] == list(EVENT_NAMES)
    assert named[names.OPERATIONS] == [operation.name for operation in faces.ASSISTANTS_AND_SHARED.operations]
    assert {name.partition(",")[0] for name in named[names.FAULTS]} == {name for name in faults.__all__ if name != "Fault"}
    assert len(named[names.STEP_TYPES]) == 4
    assert all(len(set(group)) == len(group) for group in named.values())


def test_what_counts_has_a_script() -> None:
    """Whatever the percentage asks for can be had: by a script, with or without the app's doing."""
    for group in names.LIFECYCLE:
        for item in EVERYTHING[group]:
            assert bool(item.script) == item.counts, item
