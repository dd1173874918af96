"""What hypothesis makes of it: health checks, deadlines, statistics, and fixtures around the examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.app import TOOLS
from understudy import strategies as us

HEAD = """
import sys
import pytest
import understudy
from hypothesis import HealthCheck, given, settings
from openai import OpenAI
from understudy import strategies as us

def run_to_end(backend):
    assistant = backend.add_assistant(tools=[{"type": "function", "function": {"name": "f"}}])
    thread = OpenAI().beta.threads.create(messages=[{"role": "user", "content": "x"}])
    return OpenAI().beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
"""
DEADLINES = """
imported = []

@given(us.run_scripts())
@settings(database=None, deadline=None, max_examples=15)
def test_it(script):
    before = set(sys.modules)
    with understudy.simulate(script=script) as backend:
        run_to_end(backend)
    imported.append(set(sys.modules) - before)

def test_the_first_imports_nothing():
    assert imported[0] == set()
"""
STATISTICS = """
@given(us.run_scripts(faults=1), us.scenarios())
@settings(
    database=None, deadline=None, derandomize=True, max_examples=15, suppress_health_check=[HealthCheck.too_slow]
)
def test_it(script, scenario):
    pass
"""
FIXTURES = """
seen = []

@pytest.fixture(scope="module", autouse=True)
def around_all():
    with understudy.simulate(script=understudy.Reply("outer")) as outer:
        run_to_end(outer)
        yield outer
        assert len(outer.runs) == 1

@pytest.fixture(autouse=True)
def around_one(understudy):
    yield
    assert understudy.requests == []

@given(us.run_scripts())
@settings(
    database=None, deadline=None, max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it(around_one, script):
    with understudy.simulate(script=script) as backend:
        assert (backend.requests, backend.runs, backend.threads, backend.clock.now()) == ([], [], [], 1_700_000_000)
        run = run_to_end(backend)
        seen.append((run.id, run.thread_id, run.created_at))

def test_each_example_was_the_first():
    assert len(seen) > 10
    assert len(set(seen)) == 1
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs some code as a test file, with the settings that everybody has."""
    monkeypatch.delenv("CI", raising=False)

    def run(code: str, *arguments: str, is_fresh: bool = False):
        pytester.makepyfile(HEAD + code)
        run = pytester.runpytest_subprocess if is_fresh else pytester.runpytest_inprocess
        return run("-q", "-p", "no:randomly", "-W", "ignore", *arguments)

    return run


@pytest.mark.parametrize(
    "drawn",
    [
        us.run_scripts(tools=TOOLS, hangs=True, faults=2),
        us.scenarios(tools=TOOLS[:2]),
        us.fault_schedules(most=4),
        us.fault_schedules(most=4, streams=True),
        us.chunkings("How is the weather?"),
        us.tool_arguments({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}),
    ],
    ids=["run_scripts", "scenarios", "fault_schedules", "of streams", "chunkings", "tool_arguments"],
)
def test_no_health_check_trips(drawn):
    """With every health check on, none has anything to say of what is drawn."""

    @given(st.lists(drawn, max_size=2))
    @settings(suppress_health_check=[], database=None)
    def draw(_):
        pass

    draw()


def test_the_first_example_takes_no_longer(run):
    """What is imported once in a process is not imported within the first example, whose deadline is 200 ms."""
    run(DEADLINES, is_fresh=True).assert_outcomes(passed=2)


def test_the_statistics_say_what_was_drawn(run):
    """`--hypothesis-show-statistics` says how scripts ended, how often outputs were asked for, how many faults came."""
    run(STATISTICS, "--hypothesis-show-statistics").stdout.fnmatch_lines_random(
        ["*the script ends with Reply", "*times the app has to submit outputs: 0", "*faults: 0"]
    )


def test_every_example_has_a_fresh_world(run):
    """Whatever worlds are around, of a module or a test: each example begins at the beginning, with the same ids."""
    run(FIXTURES).assert_outcomes(passed=2)
