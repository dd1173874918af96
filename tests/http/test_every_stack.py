"""Whatever HTTP library an app speaks: it is simulated, recorded, replayed, struck by faults and guarded; nothing escapes."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

import understudy as us
from tests.cassettes.loopback import served
from tests.http.http_kinds import KINDS, QUESTION, SERVICE
from understudy._cassettes import load
from understudy._http.activation import on_guard
from understudy._http.guard import Guard
from understudy.errors import RequestBlocked
from understudy.faults import ConnectionReset, StreamCut, Timeout

LAST = ["thread.run.completed", "done"]
CREATE = "assistants.create"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _no_key_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_simulated(kind: str) -> None:
    """A client of this kind talks to the simulated service, and its stream goes on only as the app reads."""
    with us.simulate() as backend:
        backend.next_run(us.Reply("one two three"))
        seen = []
        for event in KINDS[kind].talk(SERVICE):
            seen.append(event)
            if event == "thread.run.in_progress" and kind != "requests":  # which reads a whole body before it gives it
                assert backend.runs[0].status == "in_progress"
        assert seen[-2:] == LAST
        assert backend.messages(backend.threads[0].id)[0].text == QUESTION
        assert backend.requests[0].json == {"model": "gpt-4o"}


def test_recorded_and_replayed(kind: str, tmp_path: Path) -> None:
    """A client of this kind is recorded against a server, and replayed from that when there is no server any more."""
    path, service = tmp_path / "recorded.yaml", us.Backend()
    with served(service) as base:
        with us.use_cassette(path, record="all", hosts=["127.0.0.1"]):
            live = list(KINDS[kind].talk(base))
    recorded = load(path)
    assert live[-2:] == LAST
    assert [one.status for one in recorded] == [200] * len(service.requests)
    assert [one.broken for one in recorded] == [None] * len(recorded)
    assert recorded[-1].is_stream
    assert b"key-of-the-test" not in path.read_bytes()
    with us.use_cassette(path, hosts=["127.0.0.1"], unplayed="error"):
        assert list(KINDS[kind].talk(base)) == live


def test_recording_passes_streams_live(kind: str, tmp_path: Path) -> None:
    """While it is recorded a stream reaches the app event by event, as it leaves the server."""
    service = us.Backend(time="manual")
    service.next_run(us.Wait(seconds=5), us.Reply("late"))
    with served(service) as base:
        with us.use_cassette(tmp_path / "live.yaml", record="all", hosts=["127.0.0.1"]):
            seen = []
            if kind == "requests":  # which reads a whole body before it gives it
                service.clock.advance(0)
                return
            for event in KINDS[kind].talk(base):
                seen.append(event)
                if event == "thread.run.in_progress":
                    service.clock.advance(60)
    assert seen[-2:] == LAST


@pytest.mark.parametrize("fault", ["refused", "reset", "timed_out"])
def test_faults(kind: str, fault: str) -> None:
    """What breaks a connection is raised by a client of this kind as its own library raises it."""
    what = {"refused": ConnectionReset(), "reset": ConnectionReset(kind="ReadError"), "timed_out": Timeout()}[fault]
    with us.simulate() as backend:
        backend.fault(what, on=CREATE, times=None)
        with pytest.raises(getattr(KINDS[kind], fault)):
            list(KINDS[kind].talk(SERVICE))


def test_a_stream_that_is_cut(kind: str) -> None:
    """A stream that breaks off gives what came before, and then raises as the client's library does."""
    seen = []
    with us.simulate() as backend:
        backend.fault(StreamCut(), event="thread.message.created")
        with pytest.raises(KINDS[kind].cut):
            for event in KINDS[kind].talk(SERVICE):
                seen.append(event)
    assert kind == "requests" or "thread.run.in_progress" in seen


def test_guarded(kind: str) -> None:
    """With nothing to answer, the guard refuses a client of this kind, in words, and remembers what it refused."""
    guard = Guard()
    guard.test = "tests/test_app.py::test_it"
    with on_guard(guard), pytest.raises(Exception, match="understudy_guard"):
        list(KINDS[kind].talk(SERVICE))
    (problem,) = guard.take()
    assert isinstance(problem, RequestBlocked)
    assert "tests/test_app.py::test_it sent POST https://" in str(problem)
    assert "/assistants, and has neither a simulator nor a cassette" in str(problem)
    assert guard.take() == []


def test_the_guard_gives_way(kind: str) -> None:
    """Under the guard a simulation answers a client of this kind as ever, and the guard meets nothing."""
    guard = Guard()
    with on_guard(guard), us.simulate():
        assert list(KINDS[kind].talk(SERVICE))[-2:] == LAST
    assert guard.take() == []


def test_afterwards_it_is_free(kind: str) -> None:
    """When nothing is active any more, a client of this kind goes to the network again: here, to a closed port."""
    with us.simulate():
        with contextlib.suppress(Exception):
            list(KINDS[kind].talk(SERVICE))
    with pytest.raises(KINDS[kind].refused):
        list(KINDS[kind].talk("http://127.0.0.1:9"))
