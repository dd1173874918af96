"""With `time="sleep"`, waiting in earnest that gets through is noticed and named; what does not wait is not accused.

What is tested here is real waiting: each wait ends as soon as it was noticed.
"""

from __future__ import annotations

import _thread
import asyncio
import code
import os
import select
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import openai
import pytest
import tenacity
from openai import AsyncOpenAI, OpenAI

import understudy as us
from tests.engine.app import assistant, thread
from understudy import ConnectionReset, Reply, Timeout
from understudy._virtual_time import activation, real_sleep_watchdog, virtual_clock
from understudy._virtual_time.real_sleep_watchdog import RealSleepWatchdog

LONG = 30  # seconds after which a wait ends that nobody noticed
real_time = [time.monotonic, time.sleep]  # in a list, where nothing replaces them


@contextmanager
def until_noticed(backend, end):
    """Calls `end` from a thread of nobody's once there is a hint."""

    def wait():
        deadline = real_time[0]() + LONG
        while not backend.hints and real_time[0]() < deadline:
            real_time[1](0.01)
        end()

    _thread.start_new_thread(wait, ())
    yield


def wait_on_an_event(backend):
    event = threading.Event()
    with until_noticed(backend, event.set):
        event.wait(LONG)


def wait_for_a_socket(backend):
    near, far = socket.socketpair()
    with near, far, until_noticed(backend, lambda: far.send(b"x")):
        near.settimeout(LONG)
        near.recv(1)


def wait_in_select(backend):
    near, far = socket.socketpair()
    with near, far, until_noticed(backend, lambda: far.send(b"x")):
        select.select([near], [], [], LONG)


def sleep_by_a_default(backend, sleep=time.sleep):
    while not backend.hints:
        sleep(0.5)


def wait_for_a_thread(backend):
    event = threading.Event()
    worker = threading.Thread(target=lambda: event.wait(LONG))
    with until_noticed(backend, event.set):
        worker.start()
        worker.join()


def wait_in_an_executor(backend):
    event = threading.Event()

    async def main():
        await asyncio.to_thread(lambda: event.wait(LONG))

    with until_noticed(backend, event.set):
        asyncio.run(main())


def wait_in_a_library(backend):
    event = threading.Event()
    with until_noticed(backend, event.set):
        tenacity.sleep_using_event(event)(LONG)


def wait_for_a_librarys_thread(backend):
    event = threading.Event()
    worker = threading.Thread(target=tenacity.sleep_using_event(event), args=(LONG,))
    with until_noticed(backend, event.set):
        worker.start()
        worker.join()


@pytest.mark.parametrize(
    ("waits", "line"),
    [
        (wait_on_an_event, "event.wait(LONG)"),
        pytest.param(wait_for_a_socket, "near.recv(1)", marks=pytest.mark.deep),
        pytest.param(wait_in_select, "select.select([near]", marks=pytest.mark.deep),
        (sleep_by_a_default, "sleep(0.5)"),
        (wait_for_a_thread, "worker.join()"),
        (wait_for_a_thread, "lambda: event.wait(LONG)"),
        pytest.param(wait_in_an_executor, "lambda: event.wait(LONG)", marks=pytest.mark.deep),
        (wait_in_a_library, "tenacity.sleep_using_event(event)(LONG)"),
        (wait_for_a_librarys_thread, "nap.py:"),
    ],
)
def test_it_is_noticed_and_the_line_is_named(waits, line):
    """Waiting that does not go through `time.sleep` or asyncio is a hint, with file, line and code; nothing fails."""
    began = real_time[0]()
    with us.simulate(time="sleep") as backend:
        waits(backend)
        assert real_time[0]() - began < LONG
        (hint,) = backend.hints
        backend.hints.clear()  # the summary of this suite need not show it
    assert "test_real_sleep.py:" in hint
    assert f"in {waits.__name__}" in hint
    assert line in hint


def test_a_prompt_is_no_waiting(monkeypatch):
    """A console or debugger that waits for somebody to type is not accused, however long another world has waited."""
    reading, writing = os.pipe()
    with open(reading) as typed, ThreadPoolExecutor(1) as pool:  # noqa: PTH123 - a file descriptor
        monkeypatch.setattr(sys, "stdin", typed)
        with us.simulate(time="sleep") as backend:
            other = pool.submit(noticed_elsewhere, lambda: os.write(writing, b"typed\n"))
            assert code.InteractiveConsole().raw_input() == "typed"
            assert len(other.result()) == 1
            assert backend.hints == []
    os.close(writing)


def noticed_elsewhere(end):
    """The hints of a world in which a thread waits; calls `end` when there are some."""
    with us.simulate(time="sleep") as backend:
        wait_on_an_event(backend)
        end()
        hints = list(backend.hints)
        backend.hints.clear()
        return hints


def test_under_strict_it_fails_the_test():
    """`strict=True` takes it for a mistake of the test."""
    with pytest.raises(us.UnderstudyError, match="blocked in real time"), us.simulate(time="sleep", strict=True) as backend:
        wait_on_an_event(backend)
        backend.hints.clear()  # the summary of this suite need not show it


@pytest.mark.parametrize("fault", [Timeout(seconds=5), ConnectionReset()], ids=repr)
def test_the_sdks_backoff_after_an_exception_is_virtual(fault):
    """What the SDK sleeps before it retries moves the clock: two retries back off about 0.5 s and 1 s, and nobody waits."""
    with us.simulate(time="sleep", script=Reply("x")) as backend:
        assistant(backend)
        backend.fault(fault, on="threads.create", times=2)
        thread(OpenAI())
        waited = backend.clock.now() - 1_700_000_000
        assert 0.5 < waited < 2 * 5 + 2
        assert (waited > 10) is isinstance(fault, Timeout)
        assert backend.hints == []


async def test_the_async_backoff_is_virtual():
    """The same for an asynchronous client, which sleeps through anyio."""
    with us.simulate(time="sleep", script=Reply("x")) as backend:
        assistant(backend)
        async with AsyncOpenAI() as client:
            backend.fault(ConnectionReset(), on="threads.create", times=2)
            await client.beta.threads.create()
        assert 0.5 < backend.clock.now() - 1_700_000_000 < 3
        assert backend.hints == []


def test_work_and_virtual_sleep_are_no_waiting():
    """Half a second of computing, an idle worker thread, and hours of virtual sleep: no hint."""
    queue = threading.Event()
    with us.simulate(time="sleep") as backend:
        worker = threading.Thread(target=queue.wait, daemon=True)
        worker.start()
        client, began, number = backend.client(), real_time[0](), 0
        while real_time[0]() - began < 0.6:
            time.sleep(60)
            number += sum(range(10_000))
            with pytest.raises(openai.NotFoundError):
                client.beta.assistants.retrieve("asst_1")
            client.beta.threads.create()
        queue.set()
        worker.join()
        assert backend.hints == []


def test_no_thread_is_counted(monkeypatch):
    """The thread that looks is none of `threading`'s, before and after it has looked: as many are counted as ever."""
    before, looks, has_looked = threading.active_count(), count(), threading.Event()

    def entered():
        if next(looks) == 1:
            has_looked.set()
        return virtual_clock.entered()

    monkeypatch.setattr(real_sleep_watchdog, "INTERVAL_SECONDS", 0.001)
    monkeypatch.setattr(real_sleep_watchdog, "entered", entered)
    with us.simulate(time="sleep"):
        assert has_looked.wait(LONG)
        assert threading.active_count() == before


def test_one_thread_looks_at_all_worlds(monkeypatch):
    """A world inside another starts no second one, which nobody would stop."""
    made = []
    monkeypatch.setattr(activation, "RealSleepWatchdog", lambda: made.append(RealSleepWatchdog()) or made[-1])
    with us.simulate(time="sleep"), us.simulate(time="sleep"):
        pass
    assert len(made) == 1


def test_the_terminal_shows_hints_of_worlds_that_tests_make(pytester):
    """Hints of a `simulate` block stand at the end of the terminal, like those of the fixture."""
    pytester.makepyfile(
        """
        import understudy as us

        def test_it():
            with us.simulate(script=us.Reply("x")) as backend:
                made, thread = backend.add_assistant(), backend.add_thread(messages=["x"])
                backend.client().beta.threads.runs.create_and_poll(
                    thread_id=thread.id, assistant_id=made.id, poll_interval_ms=1
                )
        """
    )
    result = pytester.runpytest_inprocess("-W", "ignore")
    result.stdout.fnmatch_lines(["*understudy hints*", "*::test_it: the app sets its own poll_interval_ms*"])
