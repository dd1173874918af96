"""Enumeration: complete up to its bound, smallest first, and each case is what its name says."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import openai
import pytest
from openai import OpenAI

import understudy as us
from tests.engine.app import ASSISTANT, TOOLS, assistant, outputs_for, thread
from understudy import AnyFunctionCall, Expire, Fail, FunctionCall, Reply
from understudy._apis.assistants.lifecycle import RUN, TERMINAL
from understudy._properties.explorer import trajectories
from understudy.errors import ImpossibleScript, NoFunction


def observed(script, *, cancels: bool = False, time: str = "poll") -> list[str]:
    """The statuses a careful app sees of a run, without repetitions. `cancels`: it cancels what is long in progress."""
    with us.simulate(script=script, time=time) as backend:
        assistant(backend)
        client = OpenAI()
        run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
        statuses, polls = [run.status], 0
        while run.status not in TERMINAL:
            polls += 1
            if run.status == "requires_action":
                try:
                    run = client.beta.threads.runs.submit_tool_outputs(
                        run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)
                    )
                except Exception:
                    run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
            elif cancels and polls > 20 and run.status == "in_progress":
                run = client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
            else:
                run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
            if run.status != statuses[-1]:
                statuses.append(run.status)
        assert not backend.client_misuse() or "late_outputs" in str(backend.client_misuse())
        return statuses


@us.every_lifecycle(depth=4, expires_while_waiting=True)
def test_each_run_goes_as_its_name_says(script, request):
    """Polled by an app that cancels what hangs, a run shows exactly the statuses of its trajectory's name."""
    assert "-".join(observed(script, cancels=True)) == script.name == request.node.callspec.id


@us.every_lifecycle(depth=2)
def test_they_go_with_the_fixture_too(script, understudy):
    """`perform(script)` and `every_run(*script)` both take a trajectory."""
    assistant(understudy)
    understudy.perform(script)
    client = understudy.client()
    for _ in range(2):
        run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
        assert run.status in script.name or "cancelling" in script.name
        understudy.every_run(*script)


@us.every_lifecycle(depth=1, faults=1)
def test_faults_come_along(script, slept):
    """A trajectory's faults are set with it, those the app does not meet are no mistake, and no SDK sleeps for them."""
    with us.simulate(script=script) as backend:
        assistant(backend)
        assert backend.faults == script.faults
        client = OpenAI()
        with suppress(openai.BadRequestError):  # a run was made, its answer lost, and the SDK's retry finds it active
            run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
            assert run.status in TERMINAL
    assert sum(slept) < 1


def legal(name: str) -> bool:
    statuses = name.split("-")
    table = {(row.source, row.target) for row in RUN}
    return statuses[-1] in TERMINAL and set(itertools.pairwise(statuses)) <= table


def choices(name: str) -> int:
    """The service's choices in a trajectory: all its steps but the app's submits, a hanging run's outcome counted once."""
    statuses = name.split("-")
    steps = list(itertools.pairwise(statuses))
    return sum(after != "cancelling" and (before, after) != ("requires_action", "queued") for before, after in steps)


def every_path(depth: int) -> set[str]:
    """The same set by brute force: every walk over the table of so many choices that ends."""
    walks, found = [("queued",)], set()
    while walks:
        walk = walks.pop()
        name = "-".join(walk)
        if choices(name) > depth or len(walk) > 3 * depth + 3:
            continue
        if walk[-1] in TERMINAL:
            found.add(name)
            continue
        for row in RUN:
            if row.source != walk[-1] or (row.source == "cancelling" and row.mark == "INF"):
                continue
            if row.target == "cancelling" and row.source != "in_progress":
                continue  # the app's choice; what comes of it is enumerated where a run would go on for ever
            if row.source == "requires_action" and row.target == "expired":
                continue
            walks.append((*walk, row.target))
    return found


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 6])
def test_it_is_complete_up_to_the_bound(depth):
    """Every walk of at most so many choices is there, once; what is there besides is closed, and all of it is legal."""
    names = [trajectory.name for trajectory in trajectories(depth)]
    assert len(names) == len(set(names))
    assert all(map(legal, names))
    assert {name for name in names if choices(name) <= depth} == every_path(depth)
    for closed in set(names) - every_path(depth):
        assert closed.endswith("in_progress-completed")


def test_smallest_first_and_the_same_everywhere():
    """The order is by length, faults counted, and the same each time: so the first failure is a smallest one."""
    found = trajectories(4, faults=1)
    sizes = [len(t.name.partition("+")[0].split("-")) + len(t.faults) for t in found]
    assert sizes == sorted(sizes)
    assert [t.name for t in found] == [t.name for t in trajectories(4, faults=1)]


def test_calls_are_bound_in_turn():
    """The first call of a generated script is of the first function, the second of the second, with arguments that fit."""
    with us.simulate(script=(AnyFunctionCall(0), AnyFunctionCall(1), AnyFunctionCall(2), Reply("x"))) as backend:
        schema = {
            "type": "object",
            "properties": {
                "city": {"type": "string", "minLength": 2},
                "days": {"type": "integer", "minimum": 3},
                "unit": {"anyOf": [{"$ref": "#/$defs/unit"}, {"type": "null"}]},
                "notes": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["city", "days", "unit"],
            "$defs": {"unit": {"enum": ["C", "F"]}},
        }
        tools = [TOOLS[2], {"type": "function", "function": {"name": "forecast", "parameters": schema}}, TOOLS[0]]
        made = backend.add_assistant(tools=tools)
        client = OpenAI()
        run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=made.id)
        seen = []
        while run.status == "requires_action":
            seen += run.required_action.submit_tool_outputs.tool_calls
            run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)
            )
    assert [call.function.name for call in seen] == ["forecast", "get_weather", "forecast"]
    assert seen[0].function.arguments == '{"city":"aa","days":3,"unit":"C"}'
    assert seen[1].function.arguments == "{}"


@pytest.mark.parametrize(
    ("needed", "says"),
    [
        ("#/$defs/none", "nothing fits the parameters of the function 'f': $ref '#/$defs/none' leads nowhere"),
        ("https://x/y.json", "$ref 'https://x/y.json' does not lead to a part of the schema"),
        ("#/$defs/circle", "$ref '#/$defs/circle' does not lead to a part of the schema"),
        ("#", "the parameters of the function 'f' require themselves"),
    ],
)
def test_parameters_that_nothing_fits(needed, says):
    """A generated call of a function whose schema cannot be met is the test's mistake: it names script, function and why."""
    with pytest.raises(ImpossibleScript) as caught, us.simulate(script=AnyFunctionCall()) as backend:
        parameters = {
            "type": "object",
            "properties": {"a": {"$ref": needed}},
            "required": ["a"],
            "$defs": {"circle": {"$ref": "#/$defs/circle"}},
        }
        tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
        made, client = backend.add_assistant(tools=[tool]), OpenAI()
        with pytest.raises(openai.InternalServerError):
            client.beta.threads.runs.create(thread(client), assistant_id=made.id)
    assert says in str(caught.value)
    assert f"{Path(__file__).name}:" in str(caught.value)


def test_without_a_function_there_is_no_such_case():
    """A run without functions: our error, even where the app raised one of its own because of it."""
    for swallow in (True, False):
        with pytest.raises(NoFunction, match="none among its tools"), us.simulate(script=AnyFunctionCall()) as backend:
            made = backend.add_assistant()
            client = OpenAI()
            try:
                client.beta.threads.runs.create(thread(client), assistant_id=made.id)
            except Exception as error:
                if not swallow:
                    raise RuntimeError("the app gives up") from error


def test_a_run_ends_in_the_queue_only_where_it_is_queued():
    """`while_queued` after a reply is refused when the script is set, or, if a function made it up, when it is performed."""
    for move in (Expire(while_queued=True), Fail(while_queued=True)):
        with pytest.raises(us.UnderstudyError, match="the run is in progress"):
            us.Backend(script=(Reply("x"), move))
        us.Backend(script=(FunctionCall("get_time"), move))

    def script(run):
        yield Reply("x")
        yield Expire(while_queued=True)

    with pytest.raises(us.UnderstudyError, match="in progress"), us.simulate(script=script) as backend:
        assistant(backend)
        with suppress(openai.InternalServerError):
            OpenAI().beta.threads.runs.create(thread(OpenAI()), assistant_id=ASSISTANT)


@pytest.mark.parametrize("arguments", [{"depth": 0}, {"depth": 2, "faults": -1}])
def test_a_bound_is_a_bound(arguments):
    """Less than one choice, or than no fault, is no bound."""
    with pytest.raises(ValueError, match="depth counts from 1"):
        us.every_lifecycle(**arguments)


@pytest.mark.parametrize("depth", ["3", 2.5, None])
def test_a_depth_is_a_number(depth):
    """What is no whole number is refused with what it counts."""
    with pytest.raises(TypeError, match=r"every_lifecycle\(depth=.*expected the number of choices the service makes"):
        us.every_lifecycle(depth=depth)


APP = """
import openai
import understudy as us

def end(backend, tools):
    made = backend.add_assistant(tools=tools)
    thread = backend.add_thread(messages=["x"])
    client = openai.OpenAI()
    run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
    for _ in range(9):  # 600 polls until a run expires show nothing more
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
    return run.status

@us.every_lifecycle(depth=3)
def test_no_functions(script):
    with us.simulate(script=script) as backend:
        assert end(backend, [])

@us.every_lifecycle(depth=3)
def test_with_the_fixture(script, understudy):
    understudy.perform(script)
    assert end(understudy, [])

@us.every_lifecycle(depth=2)
def test_bug(script):
    with us.simulate(script=script) as backend:
        assert end(backend, []) != "incomplete"
"""


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.deep)])
def test_bound_and_count_are_printed(pytester, workers):
    """The summary says what was enumerated and how it went, skipped ones counted as skipped, on workers as well."""
    pytester.makepyfile(test_app=APP)
    run = pytester.runpytest_subprocess if workers else pytester.runpytest_inprocess
    result = run("-q", "-p", "no:randomly", "-W", "ignore", *workers)
    result.stdout.fnmatch_lines_random(
        [
            "test_app.py::test_no_functions: depth 3, 0 fault(s): all 11 trajectories up to this bound; 8 passed, 3 skipped",
            "test_app.py::test_with_the_fixture: depth 3, *: all 11 trajectories up to this bound; 8 passed, 3 skipped",
            "test_app.py::test_bug: depth 2, 0 fault(s): all 9 trajectories up to this bound; 1 failed, 7 passed, 1 skipped",
            "FAILED test_app.py::test_bug[[]queued-in_progress-incomplete[]]*",
        ]
    )
    result.assert_outcomes(passed=23, skipped=7, failed=1)


CASES = """
import understudy
for api in ("assistants", "responses", "both"):
    mark = understudy.every_lifecycle(depth=3, faults=1, api=api, hangs=True)
    print(api, *mark.kwargs["ids"], sep="\\n")
    print(*map(list, mark.args[1]), sep="\\n")
"""


def test_the_cases_are_the_same_everywhere():
    """Names, order and scripts depend neither on the process nor on Python's hash seed: xdist and shards need that."""

    def printed(hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", CASES]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    cases = printed("1")
    assert cases == printed("4711")
    assert cases.splitlines().count("queued-in_progress-completed") == 3
