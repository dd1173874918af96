"""Who moves the clock: in each mode one party, and nobody by looking."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import openai
import pytest

import understudy as us
from tests.engine.app import ASSISTANT, assistant, run_to_end, thread
from understudy import Expire, FunctionCall, Hang, Reply
from understudy._http import transports

NOW = 1_700_000_000


@pytest.fixture(params=["poll", "manual"])
def virtual(request):
    """A backend in each virtual mode."""
    backend = us.Backend(time=request.param)
    assistant(backend)
    return backend


def started(backend, *moves):
    """A run of a script, and what retrieves it."""
    client = backend.client()
    backend.next_run(*(moves or (Reply("x"),)))
    run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
    return run, lambda: client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


@pytest.fixture
def poll():
    """A backend whose clock moves when a live run is asked for."""
    backend = us.Backend()
    assistant(backend)
    return backend


def test_poll_moves_to_the_next_status(poll):
    """Each retrieve of a state already shown moves to the next change of status, and the clock stands there."""
    run, retrieve = started(poll)
    assert run.status == "queued"
    assert [retrieve().status for _ in range(3)] == ["in_progress", "completed", "completed"]
    assert poll.clock.now() == NOW + 8


def test_poll_never_jumps_to_a_deadline(poll):
    """A hanging run moves by one poll interval per poll: 600 polls to its expiry, not one fewer."""
    _, retrieve = started(poll, Hang())
    assert retrieve().status == "in_progress"  # one second was the queue's
    assert [retrieve().status for _ in range(599)] == ["in_progress"] * 598 + ["expired"]


def test_poll_moves_to_an_expiry_that_is_scripted(poll):
    """A deadline that the script is about is the next change of status: two polls, and ten minutes are over."""
    _, retrieve = started(poll, Expire())
    assert [retrieve().status for _ in range(3)] == ["in_progress", "expired", "expired"]
    assert poll.clock.now() == NOW + 600


def test_poll_goes_by_the_announced_interval(poll):
    """An app that polls every 30 seconds sees a waiting run expire after 20 polls."""
    run, _ = started(poll, FunctionCall("get_weather"))
    runs = poll.client().beta.threads.runs
    headers = {"X-Stainless-Poll-Helper": "true", "X-Stainless-Custom-Poll-Interval": "30000"}
    seen = [runs.retrieve(run.id, thread_id=run.thread_id, extra_headers=headers).status for _ in range(22)]
    assert seen[:3] == ["in_progress", "requires_action", "requires_action"]
    assert seen.index("expired") == 21


def test_two_pollers_see_one_history(poll):
    """Neither of two pollers ever sees a status that comes before one the other has seen."""
    run, retrieve = started(poll)
    other = poll.client(api_key="another")
    order = ["queued", "in_progress", "completed"]
    seen = []
    for _ in range(3):
        seen.append(retrieve().status)
        seen.append(other.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status)
    assert seen == sorted(seen, key=order.index)


@pytest.mark.parametrize("watched", [["messages"], ["steps"], ["runs"], ["messages", "steps"]], ids="-".join)
def test_watching_a_list_gets_on(poll, watched):
    """An app that never retrieves the run but watches a list, or two in turn, sees the answer come."""
    run, _ = started(poll)
    threads = poll.client().beta.threads
    lists = {
        "messages": lambda: threads.messages.list(run.thread_id),
        "steps": lambda: threads.runs.steps.list(run.id, thread_id=run.thread_id),
        "runs": lambda: threads.runs.list(run.thread_id),
    }
    for _ in range(12):
        for name in watched:
            lists[name]()
    assert poll.runs[-1].status == "completed"
    assert threads.messages.list(run.thread_id).data[0].content[0].text.value == "x"


def test_a_list_asked_once_moves_nothing(poll):
    """The first look at a list shows it as it is; only the same list again, unchanged, lets time pass."""
    run, _ = started(poll)
    threads = poll.client().beta.threads
    threads.messages.list(run.thread_id)
    threads.messages.list(run.thread_id, limit=5)
    assert poll.clock.now() == NOW
    threads.messages.list(run.thread_id)
    assert poll.clock.now() > NOW


def test_looking_at_the_backend_moves_nothing(virtual):
    """What a test looks at stands still in every mode."""
    run, _ = started(virtual)
    for _ in range(3):
        assert virtual.runs[-1].status == "queued"
        assert len(virtual.messages(run.thread_id)) == 1
        assert virtual.timeline(run.id).status == "queued"
    assert virtual.clock.now() == NOW


def test_a_clock_shows_its_mode_and_time(virtual):
    """As a test sees it in a debugger or a failed assertion."""
    virtual.clock.advance(5)
    assert repr(virtual.clock) == f"<Clock {virtual.clock.mode} now={NOW + 5}>"


def test_advance_lets_everything_on_the_way_happen(virtual):
    """`advance` is exact: just before an event nothing, at its second all of it."""
    _, retrieve = started(virtual)
    virtual.clock.advance(0.5)
    assert virtual.runs[-1].status == "queued"
    virtual.clock.advance(0.5)
    assert virtual.runs[-1].status == "in_progress"
    virtual.clock.advance(100)
    run = retrieve()
    assert (run.status, run.completed_at) == ("completed", NOW + 8)


def test_time_never_goes_back(virtual):
    """A negative number of seconds is refused."""
    with pytest.raises(ValueError, match="never goes back"):
        virtual.clock.advance(-1)


def test_manual_moves_only_by_advance():
    """Asking moves nothing: the run stays queued however often it is asked for, up to the livelock detector's patience."""
    backend = us.Backend(time="manual")
    assistant(backend)
    _, retrieve = started(backend)
    assert {retrieve().status for _ in range(40)} == {"queued"}
    backend.clock.advance(8)
    assert retrieve().status == "completed"


@pytest.mark.parametrize("mode", ["poll", "manual"])
def test_livelock_is_told(mode):
    """The same question 50 times while nothing can change is answered 501, naming the run and its status."""
    backend = us.Backend(time=mode)
    assistant(backend)
    run, retrieve = started(backend)
    backend.clock.advance(8)
    for _ in range(49):
        retrieve()
    with pytest.raises(openai.InternalServerError, match=f"{run.id} is 'completed'"):
        retrieve()
    assert "50 times" in str(backend.close()[0])


LIVELOCKS = {
    "over": ("poll", 8, "'completed', and will stay so. A loop that waits for another status never ends: does it handle"),
    "over, manual": ("manual", 8, "'completed', and will stay so. A loop that waits"),
    "live": ("manual", 0, r"'queued', and time='manual' moves only with understudy.clock.advance\(seconds\)\.$"),
}


@pytest.mark.parametrize(("mode", "seconds", "told"), LIVELOCKS.values(), ids=LIVELOCKS)
def test_a_livelock_says_what_would_have_to_happen(mode, seconds, told):
    """What was asked, where the clock stands, the run and its status, and who moves the clock if that would help."""
    backend = us.Backend(time=mode)
    assistant(backend)
    run, retrieve = started(backend)
    backend.clock.advance(seconds)
    for _ in range(49):
        retrieve()
    with pytest.raises(openai.InternalServerError):
        retrieve()
    asked = rf"the app asked GET https://\S+/threads/{run.thread_id}/runs/{run.id} 50 times while nothing can change"
    assert re.search(rf"^{asked} and the clock stays at {NOW + seconds}: {run.id} is {told}", str(backend.close()[0]))


@pytest.mark.parametrize(
    ("mode", "told"), [("poll", r"happen\."), ("manual", r"happen \(time='manual' moves only with .*\)\.")]
)
def test_waiting_for_a_message_without_a_run_is_a_livelock(mode, told):
    """Where no run was started nothing will come, whoever moves the clock."""
    client = us.Backend(time=mode).client(max_retries=0)
    thread_id = thread(client)
    with pytest.raises(openai.InternalServerError, match=f"for something that will not {told}"):
        for _ in range(50):
            client.beta.threads.messages.list(thread_id)


def test_sleeping_for_what_will_not_come_is_a_livelock():
    """Where sleeping moves the clock, time passes for ever: a loop that waits without a run ends all the same."""
    with pytest.raises(openai.InternalServerError, match="that will not happen"), us.simulate(time="sleep") as backend:
        client = backend.client(max_retries=0)
        thread_id = thread(client)
        for _ in range(100):
            client.beta.threads.messages.list(thread_id)
            time.sleep(20)
    assert backend.clock.now() < NOW + 100 * 20


def test_a_generator_that_waits_for_ever_expires():
    """It is asked for no more moves than its run can live for."""
    asked = []

    def waiting(_run):
        while True:
            asked.append(None)
            yield us.Wait(100)

    backend = us.Backend(script=waiting)
    assistant(backend)
    client = backend.client()
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
    assert run.status == "expired"
    assert len(asked) < 12
    assert backend.close() == []


def test_a_manual_stream_waits_for_another_task():
    """An async consumer of a stream and a task that advances the clock get on together."""
    backend = us.Backend(time="manual")
    assistant(backend)
    names = []

    async def consume():
        client = backend.async_client()
        created = await client.beta.threads.create(messages=[{"role": "user", "content": "x"}])
        async for event in await client.beta.threads.runs.create(created.id, assistant_id=ASSISTANT, stream=True):
            names.append(event.event)  # noqa: PERF401 - the other task looks at it meanwhile

    async def advance():
        while "thread.run.completed" not in names:
            await asyncio.sleep(0)
            backend.clock.advance(0.5)

    async def both():
        await asyncio.gather(consume(), advance())

    asyncio.run(both())
    assert names[-1] == "thread.run.completed"
    assert backend.close() == []


def test_a_manual_stream_waits_for_another_thread():
    """The same for a sync consumer, whose clock another thread advances."""
    backend = us.Backend(time="manual")
    assistant(backend)
    client = backend.client()
    over = threading.Event()

    def advance():
        while not over.wait(0.0005):
            backend.clock.advance(0.5)

    thread_id = thread(client)
    other = threading.Thread(target=advance)
    other.start()
    try:
        with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
            names = [event.event for event in stream]
    finally:
        over.set()
        other.join()
    assert names[-1] == "thread.run.completed"


def test_a_manual_stream_that_nobody_serves_is_told(monkeypatch):
    """When nobody advances the clock, the app gets an error that says so, and the test fails."""
    monkeypatch.setattr(transports.time, "sleep", lambda seconds: None)
    backend = us.Backend(time="manual")
    assistant(backend)
    client = backend.client()
    with (
        client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT, stream=True) as stream,
        pytest.raises(openai.APIError, match="advance"),
    ):
        list(stream)
    (problem,) = backend.close()
    assert "time='manual'" in str(problem)


def test_real_follows_the_wall_clock(wall):
    """In real time a run goes on by itself, polls get no hint to hurry, and nobody moves the clock."""
    backend = us.Backend(time="real")
    assistant(backend)
    _, retrieve = started(backend)
    assert retrieve().status == "queued"
    wall.sleep(1)
    assert retrieve().status == "in_progress"
    wall.sleep(7)
    assert retrieve().completed_at == 5_008
    with pytest.raises(RuntimeError, match="cannot be moved"):
        backend.clock.advance(1)
    raw = backend.client().beta.threads.runs.with_raw_response.list(backend.threads[0].id)
    assert "openai-poll-after-ms" not in raw.headers


def test_looking_in_real_time_shows_the_present(wall):
    """What a test looks at is as far as the wall clock is, without any request in between."""
    backend = us.Backend(time="real")
    assistant(backend)
    run, _ = started(backend)
    wall.sleep(20)
    assert backend.runs[-1].status == "completed"
    assert backend.messages(run.thread_id)[-1].text == "x"
    assert backend.timeline(run.id).status == "completed"


def test_a_real_stream_sleeps_between_events(wall):
    """In real time a stream takes as long as the run."""
    backend = us.Backend(time="real")
    assistant(backend)
    client = backend.client()
    with client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT, stream=True) as stream:
        assert [event.event for event in stream][-1] == "thread.run.completed"
    assert wall.now == 5_008


def test_an_interval_of_the_apps_own_gets_a_hint(poll):
    """`poll_interval_ms` makes the SDK sleep in earnest: that is said once, and fails nothing."""
    client = poll.client()
    for _ in range(2):
        run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
        client.beta.threads.runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=1)
    (hint,) = poll.hints
    assert "time='sleep'" in hint
    assert poll.close() == []


def test_polling_of_the_sdks_own_does_not_sleep(poll, monkeypatch):
    """Left to itself, the SDK polls without waiting."""
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    client = poll.client()
    assert run_to_end(client, thread(client)).status == "completed"
    assert sum(slept) == 0
    assert poll.hints == []
