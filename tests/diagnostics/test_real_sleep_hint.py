"""Where the app's own sleeping takes real time, a hint names the line and the setting that makes it virtual.

The machine's clocks are replaced: what sleeps here returns at once.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count

import openai
import pytest
import tenacity
from openai import AsyncOpenAI, OpenAI

import understudy as us
from tests.diagnostics import sleeping_helper
from tests.diagnostics.machine import another_machine
from understudy import Reply
from understudy._diagnostics import real_sleep

PAUSE = 0.12  # seconds


def poll(understudy, pause):
    """Poll until the run ends; `pause` is called before each request."""
    client = OpenAI()
    assistant, thread = understudy.add_assistant(), understudy.add_thread(messages=["Hi"])
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    while run.status != "completed":
        pause()
        run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)


def napping(understudy):
    poll(understudy, lambda: time.sleep(PAUSE))


def in_a_helper(understudy):
    poll(understudy, sleeping_helper.wait)


def in_asyncio(understudy):
    async def main():
        async with AsyncOpenAI() as client:
            for _ in range(3):
                await client.beta.threads.create()
                await asyncio.sleep(PAUSE)

    asyncio.run(main())


@tenacity.retry(wait=tenacity.wait_fixed(PAUSE), retry=tenacity.retry_if_result(lambda run: run.status != "completed"))
def asked(client, run):
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def in_tenacity(understudy):
    assistant, thread = understudy.add_assistant(), understudy.add_thread(messages=["Hi"])
    for _ in range(2):
        asked(OpenAI(), OpenAI().beta.threads.runs.create(thread.id, assistant_id=assistant.id))


@pytest.mark.parametrize(
    ("app", "place"),
    [
        (napping, "test_real_sleep_hint.py:"),
        (in_a_helper, "sleeping_helper.py:9 (`time.sleep(seconds)`)"),
        (in_asyncio, "(`await asyncio.sleep(PAUSE)`)"),
        (in_tenacity, "(`return client.beta.threads.runs.retrieve("),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_line_is_named(app, place):
    """Sleeping between requests is one hint, with the line, whoever sleeps for the app; under time='sleep' there is none."""
    with another_machine(), us.simulate(script=Reply("x")) as backend:
        app(backend)
        (hint,) = backend.hints
        backend.hints.clear()  # the summary of this suite need not show it
    assert "really sleeps" in hint
    assert "time='sleep'" in hint
    assert place in hint
    with us.simulate(script=Reply("x"), time="sleep") as backend:
        app(backend)
        assert backend.hints == []


class Proxy:
    """Like openai's module-level clients: whatever is asked of it, it acts."""

    def __getattribute__(self, name):
        raise LookupError(name)


proxy = Proxy()


def test_proxies_are_not_touched():
    """Looking for the line asks nothing of the app's objects, which may act when they are asked."""

    def pause(held=proxy):
        time.sleep(PAUSE)
        return proxy, held, openai.beta

    with another_machine(), us.simulate(script=Reply("x")) as backend:
        poll(backend, pause)
        (hint,) = backend.hints
        backend.hints.clear()
    assert "`time.sleep(PAUSE)`" in hint


@pytest.mark.parametrize("seconds", [PAUSE, 0.0], ids=["computing", "nothing"])
def test_what_does_not_sleep_is_not_accused(seconds):
    """Computing takes time as well; it is not sleeping, though this file has lines that sleep."""
    with another_machine() as machine, us.simulate(script=Reply("x")) as backend:
        poll(backend, lambda: machine.compute(seconds))
        assert backend.hints == []


@pytest.mark.parametrize("mode", ["real", "sleep"])
def test_where_sleeping_moves_the_clock_there_is_no_hint(monkeypatch, mode):
    """In the modes where sleeping is right, nothing is said about it, however long the app is away."""
    monkeypatch.setattr(real_sleep, "elapsed", count().__next__)
    monkeypatch.setattr(real_sleep, "_busy", lambda: 0.0)
    with us.simulate(time=mode) as backend, backend.client() as client:
        for _ in range(3):
            client.beta.threads.create()
            time.sleep(0.001)
        assert backend.hints == []


def test_the_sdks_own_pauses_are_not_the_apps():
    """What the SDK sleeps before it retries is not blamed on the app's lines."""
    with another_machine(), us.simulate() as backend:
        backend.fault(us.ConnectionReset(), on="threads.create")
        with backend.client() as client:
            client.beta.threads.create()
        assert not any("really sleeps between requests" in hint for hint in backend.hints)
        backend.hints.clear()


def test_the_terminal_says_it_once(pytester):
    """The summary of pytest names the first test, the line and the remedy, and how many more there are."""
    pytester.makeconftest(
        """
        import time

        from understudy._diagnostics import real_sleep

        passed = []
        time.sleep = passed.append
        real_sleep.elapsed = lambda: sum(passed)
        real_sleep._busy = lambda: 0.0
        """
    )
    pytester.makepyfile(
        """
        import time

        import pytest
        from openai import OpenAI
        from understudy import Reply

        def ask(understudy):
            client = OpenAI()
            thread = understudy.add_thread(messages=["Hi"])
            run = client.beta.threads.runs.create(thread.id, assistant_id=understudy.add_assistant().id)
            while run.status in ("queued", "in_progress"):
                time.sleep(0.15)
                run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)

        @pytest.mark.parametrize("number", range(2))
        def test_it(understudy, number):
            understudy.next_run(Reply("x"))
            ask(understudy)
        """
    )
    result = pytester.runpytest_subprocess("-W", "ignore", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "*understudy hints*",
            "*::test_it[[]0] and 1 more: the app really sleeps between requests, at *.py:12 (`time.sleep(0.15)`)*'sleep'*",
        ]
    )
