"""Whatever HTTP library an app speaks: it is simulated, recorded, replayed, struck by faults, guarded; nothing escapes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy as us
from tests.cassettes.loopback import served
from tests.http.http_kinds import KINDS, QUESTION, SERVICE
from understudy._cassettes import load
from understudy._common.messages import Answer, Chunk, Request, Response
from understudy._http.activation import on_guard
from understudy._http.guard import Guard
from understudy.errors import RequestBlocked
from understudy.faults import ConnectionReset, Fault, StreamCut, Timeout

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


class HeldBack:
    """A service that sends the rest of a stream when the app has read its beginning, and only then."""

    def __init__(self) -> None:
        self.service = us.Backend()
        self.was_read = threading.Event()

    def handle(self, request: Request) -> Answer:
        answer = self.service.handle(request)
        if isinstance(answer, Response) and answer.stream is not None:
            answer.stream = self.held_back(answer.stream)
        return answer

    def held_back(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in stream:
            yield chunk
            if isinstance(chunk, bytes) and b"thread.run.in_progress" in chunk:
                assert self.was_read.wait(10), "the app was not given what had been sent"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "requests"])  # which reads a body before it gives it
def test_recording_passes_streams_live(kind: str, tmp_path: Path) -> None:
    """While it is recorded a stream reaches the app event by event, as it leaves the server."""
    held_back, seen = HeldBack(), []
    with served(held_back) as base:
        with us.use_cassette(tmp_path / "live.yaml", record="all", hosts=["127.0.0.1"]):
            for event in KINDS[kind].talk(base):
                seen.append(event)
                if event == "thread.run.in_progress":
                    held_back.was_read.set()
    assert seen[-2:] == LAST


@pytest.mark.parametrize("fault", ["refused", "reset", "timed_out"])
def test_faults(kind: str, fault: str) -> None:
    """What breaks a connection is raised by a client of this kind as its own library raises it."""
    what = {"refused": ConnectionReset(), "reset": ConnectionReset(kind="ReadError"), "timed_out": Timeout()}[fault]
    with us.simulate() as backend:
        backend.fault(what, on=CREATE, times=None)
        with pytest.raises(getattr(KINDS[kind], fault)):
            list(KINDS[kind].talk(SERVICE))


def outcome(kind: str, base: str) -> tuple[list[str], str]:
    """The events that an app sees, and the exception that it meets."""
    seen: list[str] = []
    try:
        seen.extend(KINDS[kind].talk(base))
    except Exception as error:
        return seen, f"{type(error).__module__}.{type(error).__qualname__}"
    return seen, ""


BREAKS = {
    "in the middle of a stream": Fault(StreamCut(reset=True), event="thread.message.created"),
    "at the end of a stream": Fault(StreamCut(), event="thread.message.created"),
    "in the middle of a body": Fault(ConnectionReset(kind="RemoteProtocolError"), on=CREATE, phase="during"),
    "before any answer": Fault(ConnectionReset(kind="RemoteProtocolError"), on=CREATE, phase="after"),
}


@pytest.mark.parametrize("where", BREAKS)
def test_what_breaks_off_looks_as_over_a_real_socket(kind: str, where: str) -> None:
    """When an answer breaks off, the app sees the events and the exception that a real connection would give it."""
    service = us.Backend(strict=False)
    service.perform_faults([BREAKS[where]])
    with served(service) as base:
        real = outcome(kind, base)
    with us.simulate(strict=False) as backend:
        backend.perform_faults([BREAKS[where]])
        seen, error = outcome(kind, SERVICE)
    assert error == real[1] or kind == "openai[aiohttp]"  # whose own transport calls a lost connection a timeout
    assert seen[: len(real[0])] == real[0]  # aiohttp forgets what it has not given yet when the connection breaks


def test_guarded(kind: str) -> None:
    """With nothing to answer, the guard refuses a client of this kind, in words, and remembers what it refused."""
    guard = Guard()
    guard.test = "tests/test_app.py::test_it"
    with on_guard(guard), pytest.raises(Exception, match="understudy_guard"):
        list(KINDS[kind].talk(SERVICE))
    (problem,) = guard.take()
    assert isinstance(problem, RequestBlocked)
    assert "tests/test_app.py::test_it sent POST https://" in str(problem)
    assert "/assistants, but has neither a simulator nor a cassette" in str(problem)
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
