"""A failure in a world of a generated script says what the service did, as code to paste, and what the app did and saw."""

from __future__ import annotations

import json
import traceback

import openai
import pytest
from openai import OpenAI

import understudy as us
from tests.engine.app import ASSISTANT, assistant, thread
from understudy import ConnectionReset, Fault, Hang, Incomplete, RateLimited, Reply, ServerError, Trajectory, Wait
from understudy import strategies as strategies
from understudy._diagnostics.request_log import Logged
from understudy._diagnostics.trace import requests_seen

HYPOTHESIS_TEST = """
import understudy
from hypothesis import given, settings
from openai import OpenAI
from understudy import strategies as us

@given(us.run_scripts(calls=False))
@settings(database=None, deadline=None, derandomize=True)
def test_it(script):
    with understudy.simulate(script=script, seed=7) as backend:
        assistant = backend.add_assistant()
        thread = backend.add_thread(messages=["x"])
        run = OpenAI().beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert run.status != "incomplete"
"""
FIXTURE_TEST = """
import understudy as us

@us.every_lifecycle(depth=2)
def test_it(script, understudy):
    understudy.perform(script)
    assistant = understudy.add_assistant(tools=[{"type": "function", "function": {"name": "f"}}])
    thread = understudy.add_thread(messages=["x"])
    runs = understudy.client().beta.threads.runs
    run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status != "incomplete"
"""


def shown(error: BaseException) -> str:
    """What anybody sees of an exception: its traceback, printed by Python itself."""
    return "".join(traceback.format_exception(error))


def failing(client, backend, *, polls: int = 3) -> None:
    run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
    for _ in range(polls):
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    raise LookupError("the app gives up")


def told(script, *, act=failing, **settings) -> str:
    """What is seen of an app that gives up in a world of a script."""
    with pytest.raises(Exception) as caught, us.simulate(script=script, **settings) as backend:
        assistant(backend)
        act(OpenAI(), backend)
    return shown(caught.value)


def test_the_script_is_code_and_the_trace_is_in_order():
    """Each request by the name it has in the SDK, when it was sent, and what its answer showed."""
    text = told(Trajectory([Reply("Hi"), Incomplete()], faults=[Fault(RateLimited(), on="runs.retrieve", nth=2)]), seed=3)
    assert "from understudy import Fault, Incomplete, RateLimited, Reply, Trajectory, simulate" in text
    assert "LookupError: the app gives up" in text
    code = next(line.strip() for line in text.splitlines() if line.strip().startswith("with simulate("))
    names = {name: getattr(us, name) for name in us.__all__}
    again = eval(code.removeprefix("with ").removesuffix(" as backend:"), names)
    with pytest.raises(LookupError), again as backend:
        assert [type(fault.what) for fault in backend.faults] == [RateLimited]
        assistant(backend)
        failing(OpenAI(), backend)
    lines = [line.split() for line in text.splitlines() if " -> " in line]
    assert [(line[0], line[1]) for line in lines] == [
        ("0.0", "threads.create"),
        ("0.0", "runs.create"),
        ("0.0", "runs.retrieve"),
        ("1.0", "runs.retrieve"),
        ("1.0", "runs.retrieve"),
    ]
    saw = [" ".join(line).partition(" -> ")[2] for line in lines]
    assert [saw[0], saw[1], saw[2], saw[4]] == ["200", "queued", "in_progress", "incomplete (2 times, until 8.0)"]
    assert saw[3].startswith("429 You've exceeded the rate limit")
    assert saw[3].endswith("(RateLimited())")
    assert "How is the weather?" in text


def test_polls_are_collapsed_and_the_length_is_bounded():
    """Forty polls that showed the same are one line; of many different requests, the first and the last are shown."""

    def much(client, backend):
        run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
        for _ in range(40):
            client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        for number in range(200):
            client.beta.threads.update(run.thread_id, metadata={"n": str(number)})
        raise LookupError

    text = told(Hang(), act=much)
    assert "-> in_progress  (40 times, until 39.0)" in text
    assert '{"metadata":{"n":"199"}}' in text
    assert '{"metadata":{"n":"100"}}' not in text
    assert "more requests" in text
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) < 200


def test_streams_and_refusals_are_shown():
    """What a stream came to, and the service's words when it said no."""

    def stream_twice(client, backend):
        where = thread(client)
        events = client.beta.threads.runs.create(where, assistant_id=ASSISTANT, stream=True)
        next(iter(events))
        client.beta.threads.runs.create(where, assistant_id=ASSISTANT)

    text = told((Wait(5), Reply("x")), act=stream_twice)
    assert "openai.BadRequestError" in text
    assert "runs.create" in text
    assert "-> 400 Thread thread_" in text
    assert "already has an active run" in text


def test_what_is_found_at_the_end_is_explained_too():
    """A mistake that the app swallowed is raised at the end of the block with the same trace."""

    def swallow(client, backend):
        run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
        try:
            while run.status != "completed":
                run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        except openai.InternalServerError:
            pass

    text = told(Incomplete(), act=swallow)
    assert "Livelock" in text
    assert "with simulate(script=Incomplete('max_completion_tokens')) as backend:" in text


def test_a_scenario_is_code_to_paste():
    """A situation that was set up is shown as the call that sets it up."""
    scenario = strategies.Scenario(history=("Hi",), faults=(Fault(ServerError(), on="runs.create"),))
    with pytest.raises(LookupError) as caught, us.simulate(time="sleep") as backend:
        scenario.set_up(backend)
        raise LookupError
    text = shown(caught.value)
    assert "from understudy.strategies import Scenario" in text
    assert f"assistant, thread = {scenario!r}.set_up(backend)" in text
    assert "with simulate(time='sleep') as backend:" in text


def test_a_scenario_for_the_fixture(pytester):
    """In a test with the fixture, only what has to be imported is: a scenario comes from its own module."""
    pytester.makepyfile(
        """
        from understudy.strategies import Scenario

        def test_it(understudy):
            Scenario(history=("Hi",)).set_up(understudy)
            raise LookupError
        """
    )
    output = pytester.runpytest_inprocess("-q", "-W", "ignore").stdout
    output.fnmatch_lines(["*from understudy.strategies import Scenario", "*assistant, thread = Scenario(*).set_up(backend)"])
    output.no_fnmatch_line("*from understudy import*")


def test_what_was_not_answered_is_shown():
    """A request whose connection broke had no answer: the fault says why."""

    def ask(client, backend):
        backend.client(max_retries=0).beta.threads.create()

    text = told(Trajectory([Reply("Hi")], faults=[Fault(ConnectionReset(), on="threads.create")]), act=ask)
    assert "threads.create -> no answer  (ConnectionReset())" in text


def test_a_test_with_scripts_of_its_own_is_left_alone():
    """Where nothing was generated, there is nothing to explain: the script stands in the test."""
    with pytest.raises(LookupError) as caught, us.simulate() as backend:
        backend.next_run(Reply("x"))
        raise LookupError
    assert not getattr(caught.value, "__notes__", [])


def test_only_the_smallest_failure_is_explained(pytester):
    """Hypothesis shows the trace of the example that it shrank to, and of no other."""
    pytester.makepyfile(HYPOTHESIS_TEST)
    output = pytester.runpytest_inprocess("-q", "-W", "ignore").stdout
    text = str(output)
    assert text.count("with simulate(") == 1
    output.fnmatch_lines(
        [
            "*from understudy import Incomplete, simulate",
            "*with simulate(script=(Incomplete('max_completion_tokens'),), seed=7) as backend:",
            "*runs.create *-> queued",
            "*runs.retrieve *-> incomplete*",
        ]
    )


def test_a_lifecycle_with_the_fixture_is_explained(pytester):
    """A failing case of `every_lifecycle` has its script and trace, with the fixture as well."""
    pytester.makepyfile(FIXTURE_TEST)
    output = pytester.runpytest_inprocess("-q", "-W", "ignore").stdout
    output.fnmatch_lines(["*backend.perform((Reply('Not all of'), Incomplete('max_completion_tokens')))", "*-> incomplete*"])
    assert str(output).count("backend.perform(") == 1


@pytest.mark.parametrize(
    "message",
    [
        'no answer to {"metadata": {"j": "{\\"j\\": \\"{\\\\\\"x\\\\\\": 1}\\"}"}}',
        "ends in a backslash \\",
        "a smile \U0001f600, an accent é, a line\nand another\x00",
    ],
    ids=["JSON in JSON in JSON", "a backslash", "surrogates and control characters"],
)
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "as it is"])
def test_a_refusal_is_shown_wherever_it_was_cut(message: str, ascii_only: bool) -> None:
    """A message cut inside an escape, a quote or a character is shown up to there; it can be printed in UTF-8."""
    answer = json.dumps({"error": {"message": message, "type": "x"}}, ensure_ascii=ascii_only).encode()
    for size in range(len(answer) + 1):
        logged = Logged("POST", "/threads", b"", (), at=0.0, wall=0.0, status=409, shown=answer[:size])
        (line,) = requests_seen([logged], 0.0)
        assert line.encode().decode().startswith("     0.0  threads.create -> 409")
    assert line.split(" -> 409 ")[1] == " ".join(message.split())


def test_a_refusal_that_is_no_json_is_shown() -> None:
    """Another server's message with an escape that JSON does not have is shown up to there, and fails no report."""
    logged = Logged("POST", "/threads", b"", (), at=0.0, wall=0.0, status=502, shown=rb'{"message": "so \d much \x41"}')
    assert list(requests_seen([logged], 0.0)) == ["     0.0  threads.create -> 502 so"]


def test_a_body_nested_too_deeply_fails_no_report() -> None:
    """Of a request whose body no parser reads, the line says what was asked and how it was answered."""
    logged = Logged("POST", "/threads", b"[" * 100_000, (), at=0.0, wall=0.0, status=400, shown=b'{"message": "too deep"}')
    assert logged.sent.json is None
    assert list(requests_seen([logged], 0.0)) == ["     0.0  threads.create -> 400 too deep"]
