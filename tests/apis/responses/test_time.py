"""How time passes while an app waits for a response: in real time, and in the streams of background responses."""

from __future__ import annotations

import threading
from typing import Any

import openai
import pytest

from understudy import Backend, FunctionCall, Hang, Reply, Wait, simulate
from understudy._http import transports

ASKED: Any = {"model": "gpt-4o-mini", "input": "x"}
TOOL: Any = {"type": "function", "name": "f", "parameters": {}}


@pytest.fixture
def real(wall: Any) -> Backend:
    """A backend in real time."""
    return Backend(time="real")


SCRIPTS: list[Any] = [(Reply("Yes."),), (FunctionCall("f"), Reply("Yes.")), (Wait(60), Reply("Yes."))]


def waited_for(backend: Backend, script: Any, **more: Any) -> tuple[str, float]:
    """What the last item of a response is, and how many seconds of the service it took."""
    backend.next_run(*script)
    began = backend.clock.now()
    answer = backend.client().responses.create(**ASKED, tools=[TOOL], **more)
    response = list(answer)[-1].response if more else answer
    assert response.status == "completed"
    return response.output[-1].type, backend.clock.now() - began


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
@pytest.mark.parametrize("more", [{}, {"stream": True}], ids=str)
def test_in_real_time_a_response_takes_its_time(real: Backend, wall: Any, script: Any, more: Any) -> None:
    """In real time, create waits for a response, or for the calls that it ends with, as long as it takes by the clock."""
    seen = waited_for(real, script, **more)
    assert seen == waited_for(Backend(), script, **more)
    assert wall.now - 5_000 == seen[1] > 5


@pytest.mark.parametrize("script", [(Hang(),), (Wait(45), Reply("Late."))], ids=str)
@pytest.mark.parametrize(("streamed", "seconds"), [(False, 30), (True, 31)])
def test_in_real_time_the_client_times_out(real: Any, wall: Any, script: Any, streamed: bool, seconds: int) -> None:
    """In real time, a client gives up after its timeout, in a stream after the last event; no response is there then."""
    real.next_run(*script)
    with pytest.raises(Exception, match=r"(?i)timed out"):
        list(real.client(timeout=30, max_retries=0).responses.create(**ASKED, stream=streamed))
    assert wall.now == 5_000 + seconds
    assert real.responses == []


def test_in_real_time_a_response_that_is_deleted_never_comes(
    real: Backend, wall: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another client deletes the response that one waits for, it waits until its timeout."""
    sleep, other = wall.sleep, real.client()

    def sleeping(seconds: float) -> None:
        for response in real.responses:
            other.responses.delete(response.id)
        sleep(seconds)

    monkeypatch.setattr(wall, "sleep", sleeping)
    with pytest.raises(openai.APITimeoutError):
        real.client(timeout=30, max_retries=0).responses.create(**ASKED)
    assert wall.now == 5_030


def test_in_real_time_a_stream_catches_up(real: Backend, wall: Any) -> None:
    """An app that is away from its stream for a minute finds there what has happened meanwhile, and waits for nothing."""
    real.next_run(Reply("One two three."))
    events = iter(real.client().responses.create(**ASKED, stream=True))
    assert next(events).type == "response.created"
    wall.sleep(60)
    assert list(events)[-1].type == "response.completed"
    assert wall.now == 5_060


def types(events: Any) -> list[str]:
    return [event.type for event in events]


def test_a_stream_in_the_background_sleeps_as_the_app_would() -> None:
    """With the app's own sleeping, the stream of a background response takes the time that the response takes."""
    with simulate(script=(Wait(60), Reply("Yes.")), time="sleep") as backend:
        began = backend.clock.now()
        assert types(backend.client().responses.create(**ASKED, background=True, stream=True))[-1] == "response.completed"
        assert backend.clock.now() - began > 60


def test_a_stream_whose_sleep_moves_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where sleeping does not move the clock, a background response's stream ends with that, and the test fails."""
    monkeypatch.setattr(transports.time, "sleep", lambda seconds: None)
    backend = Backend(time="sleep")
    with pytest.raises(openai.APIError, match="the clock did not advance"):
        list(backend.client().responses.create(**ASKED, background=True, stream=True))
    (problem,) = backend.close()
    assert "understudy.trio_clock" in str(problem)


def test_a_manual_stream_waits_for_another_thread() -> None:
    """With the clock moved by hand, the stream of a background response waits for whoever moves it."""
    backend, over = Backend(time="manual"), threading.Event()

    def advance() -> None:
        while not over.wait(0.0005):
            backend.clock.advance(0.5)

    other = threading.Thread(target=advance)
    other.start()
    try:
        seen = types(backend.client().responses.create(**ASKED, background=True, stream=True))
    finally:
        over.set()
        other.join()
    assert seen[-1] == "response.completed"
    assert backend.close() == []


def test_a_manual_stream_that_nothing_moves_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing advances the clock, the stream of a background response ends with that, and the test fails."""
    monkeypatch.setattr(transports.time, "sleep", lambda seconds: None)
    backend = Backend(time="manual")
    with pytest.raises(openai.APIError, match=r"only advances by understudy\.clock\.advance"):
        list(backend.client().responses.create(**ASKED, background=True, stream=True))
    (problem,) = backend.close()
    assert "time='manual'" in str(problem)


def test_the_stream_of_a_deleted_response_ends() -> None:
    """The stream of a background response deleted meanwhile ends after what had happened, and waits for nothing more."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client()
        events = iter(client.responses.create(**ASKED, background=True, stream=True))
        first = next(events)
        client.responses.delete(first.response.id)  # type: ignore[union-attr]
        before = backend.clock.now()
        assert types(events) == ["response.queued"]
        assert backend.clock.now() == before


@pytest.mark.parametrize("asked", [True, False])
def test_a_resumed_stream_is_obfuscated_as_its_reader_asks(asked: bool) -> None:
    """Whoever reads the stream of a response again says whether its deltas are obfuscated, whatever create asked for."""
    with simulate(script=(Reply("One two."),)) as backend:
        client = backend.client()
        options: Any = {"include_obfuscation": not asked}
        events = list(client.responses.create(**ASKED, stream=True, stream_options=options))
        again = list(client.responses.retrieve(events[0].response.id, stream=True, include_obfuscation=asked))  # type: ignore[union-attr]
        deltas = [[event.to_dict() for event in seen if event.type.endswith("delta")] for seen in (events, again)]
        assert [["obfuscation" in delta for delta in seen] for seen in deltas] == [[not asked] * 2, [asked] * 2]


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_timeout_that_is_none(seconds: str) -> None:
    """A timeout that is announced as no positive number of seconds is taken for the SDK's own: ten minutes."""
    with simulate(script=(Wait(500), Reply("Late."))) as backend:
        headers = {"x-stainless-read-timeout": seconds, "x-stainless-timeout": seconds}
        assert backend.client().responses.create(**ASKED, extra_headers=headers).output_text == "Late."


def test_the_clock_may_move_while_others_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response that ended while other threads were let ask is answered as it is, without more time."""
    end = threading.Event()
    with simulate(script=Reply("Hi.")) as backend:
        client, began = backend.client(), backend.clock.now()
        conversation = client.conversations.create().id
        monkeypatch.setattr(threading.Condition, "wait_for", lambda *_: backend.clock.advance(60))  # as one of them does
        worker = threading.Thread(target=end.wait)
        worker.start()
        response = client.responses.create(**ASKED, conversation=conversation)
        end.set()
        worker.join()
        assert (response.output_text, backend.clock.now() - began) == ("Hi.", 60)
