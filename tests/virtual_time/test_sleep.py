"""`time="sleep"`: the app's own waiting moves the clock, exactly as far as it would have waited, and nobody else's does."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import socket
import sys
import threading
import time
import types
from contextlib import ExitStack
from time import monotonic as bound_monotonic
from time import sleep as bound_sleep

import anyio
import freezegun
import openai
import pytest
import tenacity
import time_machine
import trio
from openai import AsyncOpenAI, OpenAI

import understudy as us
from tests.engine.app import ASSISTANT, assistant, thread
from understudy import Expire, Fail, Hang, Incomplete, RateLimited, Reply, StreamCut, Wait
from understudy.errors import ConflictingClock, Livelock

START = 1_700_000_000
real_monotonic, real_sleep = [time.monotonic], [time.sleep]  # in lists, where nothing replaces them


@pytest.fixture
def backend():
    """A backend in the context, whose clock is moved by sleeping."""
    with us.simulate(time="sleep") as backend:
        assistant(backend)
        yield backend


def started(client, backend, *moves):
    """A run of a script."""
    backend.next_run(*moves)
    return client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)


def retrieve(client, run):
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def test_sleeping_moves_all_clocks_together(backend):
    """Every clock of `time` moves by what was slept, under any name a module holds; wall time is the world's."""
    before = (time.time(), time.monotonic(), time.perf_counter(), bound_monotonic(), time.time_ns(), time.monotonic_ns())
    assert before[0] == START
    time.sleep(100)
    bound_sleep(500)
    assert time.time() == backend.clock.now() == START + 600
    assert time.time_ns() == (START + 600) * 10**9
    assert time.monotonic() - before[1] == pytest.approx(600, abs=1e-6)
    assert time.perf_counter() - before[2] == pytest.approx(600, abs=1e-6)
    assert bound_monotonic() - before[3] == pytest.approx(600, abs=1e-6)
    assert time.monotonic_ns() - before[5] == pytest.approx(600e9, abs=1000)


def test_afterwards_everything_is_as_before():
    """Leaving the world gives every name its own function back, in this module too."""
    before = (time.sleep, time.time, time.perf_counter_ns, bound_sleep, bound_monotonic)
    with us.simulate(time="sleep"):
        assert bound_sleep is not before[3]
    assert (time.sleep, time.time, time.perf_counter_ns, bound_sleep, bound_monotonic) == before
    assert time.time() > START + 1e7


def test_a_module_that_was_replaced_is_left_alone(monkeypatch):
    """A module that others put in the place of one seen before is patched; the old one no more."""
    old, new = types.ModuleType("app_of_the_test"), types.ModuleType("app_of_the_test")
    old.sleep = new.sleep = time.sleep
    for module in (old, new):
        monkeypatch.setitem(sys.modules, "app_of_the_test", module)
        with us.simulate(time="sleep"):
            assert module.sleep is not real_sleep[0]
        assert module.sleep is real_sleep[0]
    monkeypatch.delitem(sys.modules, "app_of_the_test")
    with us.simulate(time="sleep"):
        assert new.sleep is real_sleep[0]


def test_names_that_are_set_anew_are_left_alone(monkeypatch):
    """A name for a function of `time` that a test replaces, before or inside a block, is the test's: it stays as it is."""
    with us.simulate(time="sleep") as backend:
        monkeypatch.setitem(globals(), "bound_sleep", mine := lambda seconds: None)
    assert bound_sleep is mine
    with us.simulate(time="sleep") as backend:
        assert bound_sleep is mine
        bound_sleep(5)
        assert backend.clock.now() == START


def test_of_two_worlds_the_inner_one_moves(backend):
    """Inside a second block, sleeping moves its clock alone; after it, the first one's again."""
    time.sleep(1)
    with us.simulate(time="sleep", start=START + 50) as inner:
        time.sleep(7)
        assert (time.time(), inner.clock.now()) == (START + 57, START + 57)
    time.sleep(2)
    assert time.time() == backend.clock.now() == START + 3


@pytest.mark.parametrize("wrong", [-1, "1", None])
def test_a_wrong_sleep_is_refused_as_ever(backend, wrong):
    """What `time.sleep` does not take, it does not take here."""
    with pytest.raises((ValueError, TypeError)):
        time.sleep(wrong)
    assert backend.clock.now() == START


def test_other_threads_keep_their_time(backend):
    """A thread of nobody's lives in real time; one started inside the world belongs to it."""
    shown = {}

    def look(name):
        shown[name] = time.time()
        time.sleep(0)

    inside = threading.Thread(target=look, args=("inside",))
    inside.start()
    inside.join()
    outside = threading.Thread(target=look, args=("outside",))
    threading.Thread.start.__closure__[0].cell_contents(outside)  # the original, which does not mark the thread
    outside.join()
    assert shown["inside"] == START
    assert shown["outside"] > START + 1e7


def test_a_loop_of_nobodys_thread_keeps_its_time(backend):
    """An event loop that runs outside the world sleeps in earnest, and moves nothing."""
    began, ended = real_monotonic[0](), []
    outside = threading.Thread(target=lambda: ended.append(asyncio.run(asyncio.sleep(0.01, "slept"))))
    threading.Thread.start.__closure__[0].cell_contents(outside)  # the original, which does not mark the thread
    outside.join()
    assert ended == ["slept"]
    assert real_monotonic[0]() - began >= 0.01
    assert backend.clock.now() == START


def test_a_get_moves_nothing(backend):
    """Only sleeping does: however often the app asks, it is the same moment."""
    client = OpenAI()
    run = started(client, backend, Reply("x"))
    assert {retrieve(client, run).status for _ in range(20)} == {"queued"}
    time.sleep(1)
    assert retrieve(client, run).status == "in_progress"
    assert (
        client.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=run.thread_id).headers.get(
            "openai-poll-after-ms"
        )
        is None
    )


def test_the_sdk_polls_with_its_own_arithmetic(backend):
    """create_and_poll sleeps as it always does: a hanging run is seen to expire at 600 s, with the interval asked for."""
    client = OpenAI()
    backend.next_run(Hang())
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT, poll_interval_ms=7000)
    assert run.status == "expired"
    assert time.time() == START + 602  # the 86th poll
    assert sum(request.method == "GET" for request in backend.requests) == 87
    assert backend.hints == []


def test_the_sdk_backs_off_as_long_as_it_is_told(backend):
    """A 429 with retry-after: 20 is retried after 20 seconds, which nobody waits for."""
    client = OpenAI()
    run = started(client, backend, Reply("x"))
    backend.fault(RateLimited(retry_after=20), on="runs.retrieve")
    assert retrieve(client, run).status == "completed"
    assert time.time() == START + 20


def test_tenacity_stops_at_its_deadline(backend):
    """`stop_after_delay(30)` around a poll that never succeeds stops at 30 virtual seconds."""
    client = OpenAI()
    run = started(client, backend, Hang())
    poll = tenacity.retry(
        stop=tenacity.stop_after_delay(30),
        wait=tenacity.wait_fixed(3),
        retry=tenacity.retry_if_result(lambda run: run.status != "completed"),
    )(lambda: retrieve(client, run))
    with pytest.raises(tenacity.RetryError):
        poll()
    assert time.time() == START + 30


def test_a_stream_sleeps_for_its_events(backend):
    """Reading a stream takes as long as the run: its last event comes when the run ends."""
    client = OpenAI()
    backend.next_run(Wait(45), Reply("x"))
    with client.beta.threads.runs.stream(thread_id=thread(client), assistant_id=ASSISTANT) as stream:
        stream.until_done()
    assert time.time() == START + 53


@pytest.mark.parametrize("ending", [Incomplete(), Fail(), Expire()], ids=repr)
@pytest.mark.parametrize("nap", [0, 1])
def test_a_loop_that_never_ends_is_caught(ending, nap):
    """`while status != "completed"` ends with our error, whether it sleeps or not: also where the clock moves on."""
    patience = "over 10 minutes" if nap else "50 times"
    with pytest.raises(Livelock, match=patience) as caught, us.simulate(script=ending, time="sleep") as backend:
        assistant(backend)
        client = OpenAI()
        run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
        with pytest.raises(openai.InternalServerError):
            while run.status != "completed":
                time.sleep(nap)
                run = retrieve(client, run)
    assert run.status in str(caught.value)
    assert ("does it handle" if nap else "it does not sleep in between") in str(caught.value)


@pytest.mark.parametrize("expires", [True, False])
def test_a_store_that_is_asked_for_without_end(expires):
    """A store that is to expire is waited for in peace; one that never expires is a livelock, whatever was to happen."""
    with us.simulate(time="sleep") as backend:
        client = OpenAI()
        expiring = client.vector_stores.create(expires_after={"anchor": "last_active_at", "days": 1})
        store = expiring if expires else client.vector_stores.create()

        def wait():
            while client.vector_stores.retrieve(store.id).status != "expired":
                time.sleep(600)

        if expires:
            wait()
            assert backend.clock.now() >= START + 86_400
            return
        client.vector_stores.delete(expiring.id)
        with pytest.raises(openai.InternalServerError, match="minutes while nothing can change"):
            wait()
        assert [type(problem) for problem in backend.close()] == [Livelock]


def test_a_loop_with_a_deadline_of_its_own_is_left_alone(backend):
    """A run that will not change is asked for until the app's patience is over: that is no livelock."""
    client = OpenAI()
    backend.next_run(Incomplete())
    run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
    deadline = time.monotonic() + 300
    while run.status != "completed" and time.monotonic() < deadline:
        time.sleep(0.5)
        run = retrieve(client, run)
    assert run.status == "incomplete"
    assert backend.problems == []


@pytest.mark.parametrize("make", [lambda: freezegun.freeze_time("2020-01-01"), lambda: time_machine.travel(0)])
def test_two_that_move_the_time(make):
    """With freezegun or time-machine active, there is a clear refusal; without, nothing is left of it."""
    with make(), pytest.raises(ConflictingClock, match=r"freezegun|time-machine"), us.simulate(time="sleep"):
        pass
    with us.simulate(time="sleep"):
        assert time.time() == START


@pytest.mark.parametrize("name", ["time", "sleep"])
def test_a_mock_that_moves_the_time(name, monkeypatch):
    """A function of `time` that somebody else has replaced is named in the refusal."""
    monkeypatch.setattr(time, name, lambda *_: START)
    with (
        pytest.raises(ConflictingClock, match=rf"mock \(time\.{name} is not Python's\) is active"),
        us.simulate(time="sleep"),
    ):
        pass


def test_a_mock_that_was_there_first(pytester):
    """The first simulation of a process takes no mock for Python's own function: it is refused, and gone afterwards."""
    pytester.makepyfile(
        """
        import time

        import pytest
        import understudy as us


        def test_with_a_mock(monkeypatch):
            monkeypatch.setattr(time, "sleep", lambda seconds: None)
            with pytest.raises(us.errors.ConflictingClock), us.simulate(time="sleep"):
                pass


        def test_without():
            began = time.time()
            with us.simulate(time="sleep"):
                time.sleep(1_000)
            assert time.time() - began < 1_000
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


async def test_the_inner_simulation_moves_the_loop():
    """Of nested simulations in one running loop the innermost moves its time; afterwards the outer one does again."""
    with us.simulate(time="sleep") as outer:
        await asyncio.sleep(10)
        with us.simulate(time="sleep") as inner:
            await asyncio.sleep(100)
            assert (outer.clock.now(), inner.clock.now()) == (START + 10, START + 100)
        await asyncio.sleep(5)
        assert outer.clock.now() == START + 15


async def test_simulations_side_by_side_in_one_loop():
    """Two tasks with a simulation each cannot both move the loop's time: the second is refused, the first goes on."""
    entered = asyncio.Event()

    async def first():
        with us.simulate(time="sleep") as backend:
            entered.set()
            await asyncio.sleep(100)
            return backend.clock.now()

    task = asyncio.create_task(first())
    await entered.wait()
    with pytest.raises(RuntimeError, match="concurrently in one event loop"), us.simulate(time="sleep"):
        pass
    assert await task == START + 100


def test_a_loop_that_is_not_asyncios():
    """On a loop of another make, which has no selector to wait with, the refusal names it and what to do."""
    asyncio._set_running_loop(asyncio.AbstractEventLoop())
    try:
        expected = r"not asyncio\.events\.AbstractEventLoop\. Run this test on asyncio's loop"
        with pytest.raises(RuntimeError, match=expected), us.simulate(time="sleep"):
            pass
    finally:
        asyncio._set_running_loop(None)


def test_a_loop_that_goes_on_in_its_world():
    """A world that is entered while a loop runs keeps it when the loop is run again: a fixture's and its test's."""
    loop, block, here = asyncio.new_event_loop(), ExitStack(), contextvars.copy_context()
    loop.call_soon(block.enter_context, us.simulate(time="sleep"), context=here)
    loop.call_soon(loop.stop)
    loop.run_forever()
    for number in (1, 2):
        here.run(loop.run_until_complete, asyncio.sleep(100))
        assert here.run(time.time) == START + 100 * number
    here.run(block.close)
    loop.close()


async def started_async(client, backend, *moves):
    backend.next_run(*moves)
    made = await client.beta.threads.create(messages=[{"role": "user", "content": "x"}])
    return await client.beta.threads.runs.create(made.id, assistant_id=ASSISTANT)


async def test_a_timer_outlives_its_world():
    """A timer that still waits when the world ends has as long to wait as before, in real time now."""
    with us.simulate(time="sleep"):
        await asyncio.sleep(100)
        timer = asyncio.get_running_loop().call_later(5, print)
        await asyncio.sleep(2)
    left = timer.when() - asyncio.get_running_loop().time()
    timer.cancel()
    assert 0 < left <= 3


async def test_a_timeout_is_exact():
    """`asyncio.timeout(90)` around the SDK's polling ends it at 90 virtual seconds; the loop's time is the world's."""
    loop = asyncio.get_running_loop()
    with us.simulate(time="sleep") as backend:
        assistant(backend)
        client, began = AsyncOpenAI(), loop.time()
        run = await started_async(client, backend, Hang())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(90):
                await client.beta.threads.runs.poll(run.id, thread_id=run.thread_id)
        assert time.time() == START + 90
        assert loop.time() - began == pytest.approx(90, abs=1e-3)
    assert loop.time() - began < 60


@pytest.mark.understudy(time="sleep")
async def test_the_fixture_moves_the_loop_that_runs_the_test(understudy):
    """The loop was made before or after the fixture: when it runs, its sleeping moves the clock."""
    await asyncio.sleep(1000)
    assert understudy.clock.now() == time.time() == START + 1000


def test_a_loop_of_the_apps_own(backend):
    """`asyncio.run` inside the app: gather and wait_for keep their order, and time is what the longest took."""
    order = []

    async def nap(seconds):
        await asyncio.sleep(seconds)
        order.append(seconds)

    async def main():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 2.5)
        await asyncio.gather(nap(30), nap(10), nap(20), asyncio.to_thread(time.sleep, 0))

    asyncio.run(main())
    assert order == [10, 20, 30]
    assert time.time() == START + 32.5


def test_real_sockets_and_executors_of_the_apps_own(backend):
    """What really comes over a socket, or out of a pool, is waited for in real time; sleeping beside it is virtual."""

    def send(far):
        far.send(b"x")
        return threading.current_thread().name

    async def main():
        loop = asyncio.get_running_loop()
        near, far = socket.socketpair()
        with near, far, concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
            near.setblocking(False)
            received = asyncio.ensure_future(loop.sock_recv(near, 1))
            await asyncio.sleep(0)  # nothing is there yet
            assert await loop.run_in_executor(pool, send, far) == "mine_0"
            return await asyncio.gather(received, asyncio.sleep(1000, "slept"))

    assert asyncio.run(main()) == [b"x", "slept"]
    assert time.time() == START + 1000


def test_the_end_of_an_executor_takes_no_virtual_time(backend):
    """`asyncio.run` gives its executor 300 seconds to end (from Python 3.12 on): real ones, however long it takes."""

    class Slow(concurrent.futures.ThreadPoolExecutor):
        def shutdown(self, wait=True, **options):
            ended.wait(0.2)
            super().shutdown(wait, **options)

    async def main():
        asyncio.get_running_loop().set_default_executor(Slow())
        await asyncio.to_thread(lambda: None)

    ended = threading.Event()
    asyncio.run(main())
    assert time.time() == START


async def fifty_pollers(interval):
    """How 50 concurrent pollers ended, each at which moment, and all they sent, in order. `interval(number)` in seconds."""

    async def poller(client, number, thread_id):
        run = await client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
        while run.status in ("queued", "in_progress"):
            await asyncio.sleep(interval(number))
            run = await client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
        return number, run.status, time.time()

    with us.simulate(time="sleep", script=(Wait(2), Reply("x"))) as backend:
        assistant(backend)
        threads = [backend.add_thread(messages=[str(number)]).id for number in range(50)]
        async with AsyncOpenAI() as client:
            ended = await asyncio.gather(*(poller(client, *numbered) for numbered in enumerate(threads)))
        return ended, [(request.method, request.path) for request in backend.requests]


@pytest.mark.parametrize("times", [3, pytest.param(50, marks=pytest.mark.deep)])
def test_fifty_pollers_are_the_same_every_time(times):
    """50 concurrent pollers with different intervals: the same requests at the same times, again and again."""
    first = asyncio.run(fifty_pollers(lambda number: 5 + number % 7 * 0.9))
    assert len({at for _, _, at in first[0]}) > 5
    for _ in range(times - 1):
        assert asyncio.run(fifty_pollers(lambda number: 5 + number % 7 * 0.9)) == first


async def test_whoever_runs_the_loop_it_is_the_same():
    """Polled more often, too; under asyncio, anyio, the app's own loop in a thread, and pytest-asyncio, which runs this."""
    first = await fifty_pollers(lambda number: 0.7 + number % 11 * 0.3)
    assert len(first[1]) > 200

    def elsewhere(run):
        return asyncio.to_thread(run, fifty_pollers, lambda number: 0.7 + number % 11 * 0.3)

    assert await elsewhere(anyio.run) == first
    assert await elsewhere(lambda pollers, interval: asyncio.run(pollers(interval))) == first


@pytest.fixture
def trios_thread():
    """Trio's worker thread, kept for ten seconds: started in the simulation, it would belong to that."""
    trio.run(trio.to_thread.run_sync, int)


def test_trio(trios_thread, backend):
    """With `trio_clock`, trio's deadlines and the world's clock are one."""

    async def main():
        client = AsyncOpenAI()
        run = await started_async(client, backend, Hang())
        with trio.move_on_after(90) as scope:
            while run.status != "completed":
                await trio.sleep(4)
                run = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        assert scope.cancelled_caught
        await client.close()

    trio.run(main, clock=us.trio_clock(backend.clock))
    assert backend.clock.now() == START + 90


def test_streams_without_anybody_to_sleep():
    """A backend by itself replaces no sleeping: a stream says so instead of waiting for ever."""
    backend = us.Backend(time="sleep", script=Reply("x", chunks=["x"]))
    assistant(backend)
    client = backend.client()
    with pytest.raises(openai.APIError, match="did not advance"):
        list(client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT, stream=True))
    assert isinstance(backend.problems[0], us.UnderstudyError)


def test_a_cut_stream_costs_no_more_time(backend):
    """A stream that ends early leaves the clock where its last event was."""
    client = OpenAI()
    backend.fault(StreamCut(), event="thread.run.completed")
    with client.beta.threads.runs.stream(thread_id=thread(client), assistant_id=ASSISTANT) as stream:
        stream.until_done()
    assert START + 6 < time.time() <= START + 8
