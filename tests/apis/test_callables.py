"""Callables and generators of the test's own: what they raise is named as theirs, and none keeps a run waiting for ever."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

import understudy as us
from understudy.errors import CallableFailed, ImpossibleScript


def broken(*_: object) -> Any:
    raise ZeroDivisionError("oh")


def start(backend: us.Backend) -> Any:
    made, thread = backend.add_assistant(), backend.add_thread(messages=["x"])
    return OpenAI(max_retries=0).beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)


def test_a_when_that_raises() -> None:
    """A `when=` that raises is named with its line, and so is what set it."""
    with pytest.raises(
        CallableFailed, match=r"when=broken \(.*test_callables.py:\d+\).*ZeroDivisionError\('oh'\)"
    ) as caught:
        with us.simulate() as backend:
            backend.every_run(us.Reply("x"), when=broken)
            with pytest.raises(openai.InternalServerError, match="belongs to the test"):
                start(backend)
    assert "defect" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_matcher_that_raises(tmp_path: Path) -> None:
    """A matcher that raises is named likewise; one that asserts says no, as ever."""
    path = tmp_path / "c.json"
    request = {"method": "POST", "uri": "https://api.openai.com/v1/threads", "body": "{}", "headers": {}}
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}}
    path.write_text(json.dumps({"version": 1, "interactions": [{"request": request, "response": answer}]}))
    with pytest.raises(CallableFailed, match=r"the matcher broken \(.*ZeroDivisionError"):
        with us.use_cassette(path, match_on=["method", broken]):
            with pytest.raises(openai.InternalServerError, match="the test's own"):
                OpenAI(max_retries=0).beta.threads.create()


def test_a_side_effect_that_raises() -> None:
    """A side effect of a respx route that raises is the test's own, too."""
    with pytest.raises(CallableFailed, match=r"respx route raised ZeroDivisionError\('oh'\) for POST /v1/embeddings"):
        with us.simulate() as backend:
            backend.respx.post(path="/v1/embeddings").mock(side_effect=broken)
            with pytest.raises(openai.InternalServerError):
                OpenAI(max_retries=0).embeddings.create(model="m", input="x")


def test_a_side_effect_that_is_meant_to_be_raised() -> None:
    """An error of the HTTP library as a side effect is what the app meets, as respx has it."""
    with us.simulate() as backend:
        backend.respx.post(path="/v1/embeddings").mock(side_effect=httpx.ConnectTimeout)
        with pytest.raises(openai.APITimeoutError):
            OpenAI(max_retries=0).embeddings.create(model="m", input="x")


def waits_for_nothing(run: Any) -> Iterator[us.Wait]:
    while True:
        yield us.Wait(0)


def waits_a_little(run: Any) -> Iterator[us.Wait]:
    while True:
        yield us.Wait(1e-9)


@pytest.mark.parametrize("script", [waits_for_nothing, waits_a_little])
def test_a_script_that_waits_on_and_on(script: Callable[..., Any]) -> None:
    """A generator that gives nothing but waiting is refused, with the line that set it."""
    with pytest.raises(ImpossibleScript, match=r"test_callables.py.*1001 moves Wait\(.*\) in a row"):
        with us.simulate() as backend:
            backend.next_run(script)
            with pytest.raises(openai.APIStatusError):
                start(backend)


def talks_for_ever(run: Any) -> Iterator[us.Reply]:
    while True:
        yield us.Reply("and then")


def waits_for_ever(run: Any) -> Iterator[us.Wait]:
    while True:
        yield us.Wait(60)


@pytest.mark.parametrize("script", [talks_for_ever, waits_for_ever])
@pytest.mark.parametrize("stream", [False, pytest.param(True, marks=pytest.mark.deep)])
def test_a_script_that_takes_time_for_ever(script: Callable[..., Any], stream: bool) -> None:
    """A generator that goes on for ever is asked only as far as the run lives: it expires."""
    with us.simulate() as backend:
        backend.next_run(script)
        if stream:
            made, thread = backend.add_assistant(), backend.add_thread(messages=["x"])
            events = OpenAI().beta.threads.runs.create(thread.id, assistant_id=made.id, stream=True)
            assert "thread.run.expired" in [event.event for event in events]
        else:
            assert start(backend).status == "expired"


def test_waiting_between_moves_is_no_endless_script() -> None:
    """Many waits with something in between are none that go on for ever."""

    def script(run: Any) -> Iterator[Any]:
        for _ in range(3):
            for _ in range(900):
                yield us.Wait(0)
            yield us.Reply("x")

    with us.simulate() as backend:
        backend.next_run(script)
        assert start(backend).status == "completed"


@pytest.mark.parametrize("seconds", [math.inf, math.nan, 1e308, -math.inf, 1e12])
def test_the_clock_goes_nowhere(seconds: float) -> None:
    """Infinitely many seconds, or not a number of them, are refused wherever a clock is set or moved."""
    with us.simulate() as backend:
        for refused in (
            lambda: backend.clock.advance(seconds),
            lambda: us.Backend(start=seconds),
            lambda: backend.add_thread(created_at=seconds),
            lambda: backend.add_assistant(created_at=seconds),
            lambda: backend.add_file(created_at=seconds),
            lambda: backend.add_vector_store(created_at=seconds),
        ):
            with pytest.raises(ValueError, match=r"9999|never goes back"):
                refused()
        assert OpenAI().beta.threads.create().created_at == backend.clock.now()


@pytest.mark.parametrize("fault", [us.Slow, lambda seconds: us.Timeout(seconds=seconds)])
@pytest.mark.parametrize("seconds", [math.inf, math.nan, -1])
def test_a_fault_takes_no_infinite_time(fault: Callable[[float], Any], seconds: float) -> None:
    """A fault that would take for ever, or no number of seconds, is refused when it is made."""
    with pytest.raises(ValueError, match="expected a number of seconds, at least 0"):
        fault(seconds)


@pytest.mark.parametrize("interval", ["9" * 5000, "1" + "0" * 320, "inf", "nan", "-1"])
def test_an_interval_that_is_none(interval: str) -> None:
    """A poll interval no app can mean, as the SDK announces it in a header, changes nothing."""
    with us.simulate() as backend:
        backend.next_run(us.Hang())
        made, thread = backend.add_assistant(), backend.add_thread(messages=["x"])
        client = OpenAI()
        run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
        headers = {"X-Stainless-Poll-Helper": "true", "X-Stainless-Custom-Poll-Interval": interval}
        for _ in range(3):
            seen = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id, extra_headers=headers)
        assert seen.status == "in_progress"


def test_enormous_faults_stop_at_the_end_of_time() -> None:
    """Seconds that add up to more than there is leave the clock at the end of it, and everything answers on."""
    with us.simulate() as backend:
        backend.fault(us.Slow(1e300), times=2)
        client = OpenAI(timeout=None)
        made = client.beta.threads.create()
        assert client.beta.threads.retrieve(made.id).created_at == backend.clock.now()
