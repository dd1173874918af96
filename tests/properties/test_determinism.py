"""An app that does something else when it is told the same is named, and nothing else is."""

from __future__ import annotations

import pytest

HEAD = """
import itertools, random, time, uuid
import httpx, openai
import understudy as us
from openai import OpenAI

TOOLS = [{"type": "function", "function": {"name": "f"}}]
count = itertools.count()

def begin(backend, **more):
    assistant, thread = backend.add_assistant(tools=TOOLS), backend.add_thread(messages=["x"])
    client = OpenAI()
    return client, client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, **more)

def poll(client, run):  # a few times: 600 polls until a run expires show nothing more
    for _ in range(9):
        if run.status not in ("queued", "in_progress"):
            break
        run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    return run
"""
FICKLE = """
@us.every_lifecycle(depth=2{options})
def test_it(script):
    with us.simulate(script=script) as backend:
        client, run = begin(backend)
        if next(count) == 3:
            client.beta.threads.messages.list(run.thread_id)
        poll(client, run)
"""
BY_WORKER = """
import os

@us.every_lifecycle(depth=2)
def test_it(script):
    with us.simulate(script=script) as backend:
        client, run = begin(backend)
        if os.environ["PYTEST_XDIST_WORKER"] == "gw1":
            client.beta.threads.messages.list(run.thread_id)
        poll(client, run)
"""
AT_THE_END = """
@us.every_lifecycle(depth=2{options})
def test_it(script):
    with us.simulate(script=script) as backend:
        client, run = begin(backend)
        run = poll(client, run)
        if run.status == "failed" and next(count) == 1:
            client.beta.threads.messages.list(run.thread_id)
"""
STEADY = """
import pytest

@pytest.mark.parametrize("lists", [True, False])
@us.every_lifecycle(depth=2, twice=True)
def test_it(script, lists):
    with us.simulate(script=script) as backend:
        client, run = begin(backend, metadata={"id": uuid.uuid4().hex, "at": str(time.time_ns())})
        if random.random() < 0.5:  # after what can only have been said once, nothing is compared
            client.beta.threads.messages.list(run.thread_id)
        poll(client, run)
        if lists:
            client.beta.threads.runs.list(run.thread_id)

@us.every_lifecycle(depth=2, twice=True)
def test_forms(script, understudy):
    understudy.perform(script)
    client = understudy.client()
    client.files.create(file=b"x", purpose="assistants")
    client, run = begin(understudy)
    poll(client, run)

@us.every_lifecycle(depth=2)
def test_streams_in_two_worlds(script):
    for number in range(2):
        with us.simulate(script=script) as backend:
            assistant, thread = backend.add_assistant(tools=TOOLS), backend.add_thread(messages=["x"])
            client = OpenAI()
            for event in client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True):
                run = event.data
            client.beta.threads.messages.list(thread.id)
            if number:
                client.beta.threads.retrieve(thread.id)

@us.every_lifecycle(depth=1, api="responses")
def test_streams_of_responses(script):
    with us.simulate(script=script):
        for event in OpenAI().responses.create(model="gpt-4o", input="x", stream=True):
            pass
        OpenAI().responses.retrieve(event.response.id)

@us.every_lifecycle(depth=2)
def test_connections_that_break_otherwise(script):
    with us.simulate(script=script) as backend:
        backend.fault(us.ConnectionReset() if len(script) == 1 else us.Timeout(), on="messages.list")
        try:
            backend.client(max_retries=0).beta.threads.messages.list(backend.add_thread().id)
        except openai.APITimeoutError:
            begin(backend)
        except openai.APIConnectionError:
            backend.client().beta.threads.create()

class Elsewhere(httpx.BaseTransport):
    def handle_request(self, request):
        return httpx.Response(200, json=next(count))

@us.every_lifecycle(depth=2)
def test_what_is_let_out_may_be_answered_otherwise(script):
    with us.simulate(script=script) as backend, httpx.Client(transport=Elsewhere()) as client:
        backend.pass_through("/embeddings")
        number = client.post("https://api.openai.com/v1/embeddings").json()
        if number % 2:
            backend.client().beta.threads.create()
        begin(backend)
"""


@pytest.fixture
def run(pytester):
    """Runs some code as a test file."""

    def run(code: str, *arguments: str):
        pytester.makepyfile(HEAD + code)
        run = pytester.runpytest_subprocess if "-n" in arguments else pytester.runpytest_inprocess
        return run("-q", "-p", "no:randomly", "-W", "ignore", *arguments)

    return run


def test_it_is_named_with_both_versions(run):
    """The case in which it shows fails, with the first request that differs and in which cases it was sent."""
    result = run(FICKLE.format(options=""))
    result.assert_outcomes(passed=8, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*the app is not deterministic: after the same 1 request(s) and the same answers, it sent",
            "*GET /threads/thread_*/runs/run_*  in [[]queued-expired[]]",
            "*GET /threads/thread_*/messages  in [[]queued-in_progress-*[]]",
            "*every_lifecycle(..., deterministic=False)*",
        ]
    )


@pytest.mark.tools
def test_it_is_found_across_workers(run):
    """What each worker's cases send alike, and another worker's do not, fails the session and names both cases."""
    result = run(BY_WORKER, "-n", "2")
    result.assert_outcomes(passed=9)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*not the same on every worker*",
            "*test_it[[][*]]: the app is not deterministic: after the same * request(s) and the same answers, it sent",
            "*GET /threads/thread_*/messages  in [[]*[]]",
        ]
    )


def test_histories_are_the_same_in_every_process():
    """A digest does not depend on the process, and tells apart what is put together otherwise."""
    from understudy._properties.determinism import _digest

    assert _digest(b"", "GET", "/a", 200, b"{}").hex() == "02ad9128c1ce5cd6aa7f85ef219a2ba5"
    assert len({_digest(b"", *what) for what in (("ab", "c"), ("a", "bc"), ("abc",), (b"abc",), ())}) == 5


def test_it_may_be_allowed(run):
    """`deterministic=False`: what the app does is its own business."""
    run(FICKLE.format(options=", deterministic=False")).assert_outcomes(passed=9)


@pytest.mark.deep
def test_what_only_one_trajectory_shows_takes_two_performances(run):
    """Where no other trajectory tells the same, a second performance does; also that one stops where the other goes on."""
    run(AT_THE_END.format(options="")).assert_outcomes(passed=9)
    result = run(AT_THE_END.format(options=", twice=True"))
    result.assert_outcomes(passed=17, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*nothing more  in [[]queued-failed[]]",
            "*GET /threads/thread_*/messages  in [[]queued-failed-again[]]",
            "*depth 2, 0 fault(s), each twice: all 9 trajectories up to this bound; 1 failed, 17 passed",
        ]
    )


@pytest.mark.parametrize("workers", [(), pytest.param(("-n", "2"), marks=pytest.mark.deep)])
def test_no_false_alarms(run, workers):
    """Not by random ids and times in bodies, forms, streams, broken connections, what is let out, other parameters, several
    worlds or workers.
    """
    result = run(STEADY, *workers)
    result.assert_outcomes(passed=2 * 18 + 18 + 3 * 9 + 2)
