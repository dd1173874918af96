"""What coverage lists as missing of responses comes with what covers it; a suite's report has the APIs that it used."""

from __future__ import annotations

import json
from typing import Any

import pytest

import understudy
from understudy import Backend
from understudy._apis.responses.lifecycle import RESPONSE
from understudy._common.observers import observing
from understudy._coverage import names
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.response_targets import possible_of_responses
from understudy._coverage.targets import CoverageTarget

EVERYTHING = possible_of_responses()
ADVISED = [(group, item) for group, items in EVERYTHING.items() for item in items if item.script]
OVER = ("completed", "incomplete", "failed", "cancelled")


def go(backend: Backend, item: CoverageTarget) -> None:
    """Ask as the trigger says: streamed, in the background, cancelling; and bring the outputs."""
    client, store = backend.client(max_retries=0), backend.add_vector_store()
    tools: list[Any] = [
        {"type": "function", "name": "look_up"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "file_search", "vector_store_ids": [store.id]},
    ]
    asked: Any = {"model": "gpt-5-mini", "tools": tools, "background": "background" in item.trigger}
    asked["stream"] = item.trigger.startswith("stream")
    question: Any = "Hello?"
    while question:
        answer: Any = client.responses.create(input=question, **asked)
        response = list(answer)[-1].response if asked["stream"] else answer
        while response.status not in OVER:
            if ("cancel" in item.trigger and response.status == item.name.partition(" -> ")[0]) or item.name == "cancelled":
                response = client.responses.cancel(response.id)
            else:
                response = client.responses.retrieve(response.id)
        calls = [one for one in response.output if one.type == "function_call"]
        question = [{"type": "function_call_output", "call_id": call.call_id, "output": "42"} for call in calls]
        asked["previous_response_id"] = response.id


@pytest.mark.parametrize(("group", "item"), ADVISED, ids=[f"{group}: {item.name}" for group, item in ADVISED])
def test_the_advice_covers_it(group: str, item: CoverageTarget) -> None:
    """The script, pasted, makes an app that does what it has to meet what it is said to cover."""
    suite = SuiteWatch()
    with observing(suite):
        backend = Backend()
    exec(item.script, {"understudy": backend, **{name: getattr(understudy, name) for name in understudy.__all__}})
    go(backend, item)
    suite.test_ended()
    assert item.name in suite.tally.met[group]


def test_it_is_this_apis_own_table() -> None:
    """Statuses and transitions are those of the table of responses, every one with a script that leads there."""
    transitions = {item.name for item in EVERYTHING[names.RESPONSE_TRANSITIONS]}
    assert transitions == {f"{row.source} -> {row.target}" for row in RESPONSE}
    statuses = {item.name for item in EVERYTHING[names.RESPONSE_STATUSES]}
    assert statuses == {"queued", "in_progress", "completed", "failed", "incomplete", "cancelled"}
    assert all(item.script for group in names.LIFECYCLE_OF_RESPONSES for item in EVERYTHING[group])


TESTS = """
    from openai import OpenAI
    from understudy import Fail, Reply

    def test_a_response(understudy):
        understudy.next_run(Reply("Yes."))
        response = OpenAI().responses.create(model="gpt-4o", input="x", background=True)
        while response.status not in ("completed", "failed"):
            response = OpenAI().responses.retrieve(response.id)

    def test_a_failure(understudy):
        understudy.next_run(Fail())
        try:
            OpenAI().responses.retrieve("resp_unknown")
        except Exception:
            pass
        for event in OpenAI().responses.create(model="gpt-4o", input="x", stream=True):
            pass
"""


def test_the_report_has_what_the_suite_used(pytester: pytest.Pytester) -> None:
    """A suite of responses alone is told of responses: statuses to errors, in every form."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(TESTS)
    options = ("--understudy-cov", "--understudy-cov-report=term", "--understudy-cov-report=json:cov.json")
    result = pytester.runpytest_inprocess(*options, "--understudy-cov-report=html:cov.html")
    result.stdout.fnmatch_lines(["response statuses*4 of 6", "response transitions*3 of 7", "item types*1 of 5"])
    assert "run" not in [line.partition(" ")[0] for line in result.outlines]
    told = json.loads((pytester.path / "cov.json").read_text())
    assert list(told["lifecycle"]) == list(names.LIFECYCLE_OF_RESPONSES)
    assert list(told["beside"]) == list(names.BESIDE_RESPONSES)
    assert set(told["lifecycle"]["response statuses"]["met"]) == {"queued", "in_progress", "completed", "failed"}
    assert set(told["lifecycle"]["response outcomes"]["met"]) == {"failed: server_error"}
    assert "404 response.not_found" in told["beside"]["response errors"]["met"]
    assert "response.failed" in told["beside"]["response events"]["met"]
    page = (pytester.path / "cov.html").read_text()
    assert "The lifecycle of a response" in page
    assert "The lifecycle of a run" not in page
