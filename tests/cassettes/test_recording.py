from __future__ import annotations

import contextvars
import gzip
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import vcr

from tests.cassettes.building import entry, written
from tests.cassettes.loopback import served
from understudy import FunctionCall, Reply, use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy._common.messages import Abort, Answer, Chunk, Request, Response
from understudy.errors import CassetteError, InternalError, ReplayMiss

TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


Sdk = Callable[..., openai.OpenAI]


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    """Makes SDK clients, and closes them with their sockets at the end."""
    made: list[openai.OpenAI] = []

    def make(base: str = "https://api.openai.com", **settings: Any) -> openai.OpenAI:
        made.append(openai.OpenAI(base_url=f"{base}/v1", api_key="key-of-the-test", **settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


class Canned:
    """A server that gives these answers, one after the other, and counts."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


def converse(client: openai.OpenAI) -> list[Any]:
    """A conversation with everything in it: a function call polled, a reply streamed, a file sent, a list read."""
    beta = client.beta
    assistant = beta.assistants.create(model="gpt-4o", tools=[TOOL])  # type: ignore[list-item]
    thread = beta.threads.create()
    beta.threads.messages.create(thread_id=thread.id, role="user", content="grüß 🎭")
    run = beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.required_action is not None
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    output: Any = [{"tool_call_id": call.id, "output": "42"}]
    run = beta.threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=output)
    with beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        told = stream.get_final_messages()[0].content[0].to_dict()
    page = beta.threads.messages.list(thread_id=thread.id)
    return [run.status, told, [(one.role, one.content[0].to_dict()) for one in page]]


def service() -> Backend:
    """A simulated service that plays the conversation."""
    backend = Backend()
    backend.next_run(FunctionCall("f", {}), Reply("polled"))
    backend.next_run(Reply("streamed in several pieces"))
    return backend


@pytest.fixture
def recorded(tmp_path: Path, sdk: Sdk) -> tuple[Path, list[Any]]:
    """The conversation, recorded, and what the app saw."""
    path = tmp_path / "talk.yaml"
    with served(service()) as base, use_cassette(path, record="once"):
        seen = converse(sdk(base))
    return path, seen


def test_what_was_recorded_replays(recorded: tuple[Path, list[Any]], sdk: Sdk) -> None:
    """The same app, to the official address, without a server: the same answers, and nothing is left unplayed."""
    path, seen = recorded
    with use_cassette(path, unplayed="error") as cassette:
        assert converse(sdk()) == seen
        assert cassette.path == path
        assert cassette.played


def test_pace_recorded_replays_what_was_recorded(tmp_path: Path, sdk: Sdk) -> None:
    """With keep_polls every poll is stored, and the strict replay plays all of them."""
    path = tmp_path / "talk.yaml"
    with served(service()) as base, use_cassette(path, record="once", keep_polls=True):
        seen = converse(sdk(base))
    with use_cassette(path, pace="recorded", unplayed="error"):
        assert converse(sdk()) == seen


def test_plain_vcrpy_plays_our_file(recorded: tuple[Path, list[Any]]) -> None:
    """Every interaction of our file is played by vcrpy itself, body matching included."""
    path, _ = recorded
    matchers = ["method", "scheme", "host", "port", "path", "query", "body"]
    with vcr.use_cassette(str(path), record_mode="none", match_on=matchers) as cassette, httpx.Client() as client:
        for one in load(path):
            answer = client.request(one.method, one.url, content=one.request_body, headers=dict(one.request_headers))
            assert answer.content == one.body
        assert cassette.all_played


def test_json_cassettes(tmp_path: Path, sdk: Sdk) -> None:
    """A path that ends in .json is JSON: recorded, replayed, played by plain vcrpy; what JSON cannot hold is refused."""
    path = tmp_path / "talk.json"
    with served(service()) as base, use_cassette(path, record="once"):
        seen = converse(sdk(base))
    assert json.loads(path.read_text())["version"] == 1
    with use_cassette(path, unplayed="error"):
        assert converse(sdk()) == seen
    with vcr.use_cassette(str(path), serializer="json", record_mode="none") as cassette, httpx.Client() as client:
        one = load(path)[0]
        assert client.request(one.method, one.url, content=one.request_body).content == one.body
        assert cassette.play_count == 1
    old = path.read_bytes()
    refused = pytest.raises(CassetteError, match=r"binary body of .*/files; give the cassette a name that ends in \.yaml")
    with served(service()) as base, refused, use_cassette(path, record="new"):
        sdk(base).files.create(file=("a.pkl", b"\x00\xff"), purpose="assistants")
    assert path.read_bytes() == old


def test_a_reviewer_can_read_it(recorded: tuple[Path, list[Any]]) -> None:
    """JSON and streams stand over lines, in plain text, with the time of recording."""
    text = recorded[0].read_text()
    assert "      string: |" in text
    assert '          "object": "thread.message",\n' in text
    assert "        event: thread.run.completed\n        data: {" in text
    assert "grüß 🎭" in text
    assert all(one.recorded_at for one in load(recorded[0]))
    assert any(one.timings for one in load(recorded[0]))


def test_recording_again_gives_the_same_ids(tmp_path: Path, sdk: Sdk) -> None:
    """A server that draws other ids gives a cassette with the same: renamed in URLs, bodies, streams and headers."""
    files = []
    for seed in (1, 2):
        backend = Backend(seed=seed)
        backend.next_run(FunctionCall("f", {}), Reply("polled"))
        backend.next_run(Reply("streamed"))
        path = tmp_path / f"{seed}.yaml"
        with served(backend) as base, use_cassette(path, record="once"):
            converse(sdk(base))
        files.append([(one.method, one.path, one.request_body, one.body) for one in load(path)])
    assert files[0] == files[1]


def test_ids_that_the_app_knows_are_kept(tmp_path: Path, sdk: Sdk) -> None:
    """An assistant made in the playground keeps its id; one that the server drew gets another."""
    backend = Backend()
    backend.add_assistant(id="asst_YhNjYRQT38e4I5N8WsZ7ihz1")
    with served(backend) as base, use_cassette(tmp_path / "c.yaml", record="once"):
        client = sdk(base)
        client.beta.assistants.retrieve("asst_YhNjYRQT38e4I5N8WsZ7ihz1")
        drawn = client.beta.threads.create().id
    text = (tmp_path / "c.yaml").read_text()
    assert "asst_YhNjYRQT38e4I5N8WsZ7ihz1" in text
    assert drawn not in text


def test_ids_may_be_left_alone(tmp_path: Path, sdk: Sdk) -> None:
    """rename_ids=False writes what the server said."""
    with served(Backend()) as base, use_cassette(tmp_path / "c.yaml", record="once", rename_ids=False):
        drawn = sdk(base).beta.threads.create().id
    assert drawn in (tmp_path / "c.yaml").read_text()


def test_repeated_polls_collapse(tmp_path: Path, sdk: Sdk) -> None:
    """Of equal polls one is stored, with how many there were."""
    body = json.dumps({"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "status": "in_progress"}).encode()
    server = Canned(Response(200, (("content-type", "application/json"),), body))
    with served(server) as base, use_cassette(tmp_path / "c.yaml", record="once"):
        client = sdk(base)
        for _ in range(5):
            client.beta.threads.runs.retrieve("run_1", thread_id="thread_1")
    (one,) = load(tmp_path / "c.yaml")
    assert one.dwell[1] == 5


async def test_async_clients_are_recorded(tmp_path: Path) -> None:
    """The async client goes through the same tee, streams included."""
    path = tmp_path / "c.yaml"

    async def talk(base: str) -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{base}/v1") as client:
            return await listen(client)

    async def listen(client: openai.AsyncOpenAI) -> list[str]:
        assistant = await client.beta.assistants.create(model="gpt-4o")
        events = await client.beta.threads.create_and_run(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hi"}]}, stream=True
        )
        return [event.event async for event in events]

    backend = Backend()
    backend.next_run(Reply("hello"))
    with served(backend) as base, use_cassette(path, record="once"):
        live = await talk(base)
    with use_cassette(path):
        assert await talk("https://api.openai.com") == live
    assert live[-1] == "thread.run.completed"


def test_streams_pass_through_live(tmp_path: Path) -> None:
    """The app has the first event before the server has made the second."""
    order: list[str] = []

    def chunks() -> Iterator[Chunk]:
        for number in range(3):
            order.append(f"sent {number}")
            yield f"event: e{number}\ndata: {{}}\n\n".encode()

    answer = Response(200, (("content-type", "text/event-stream"),), stream=_in_step(chunks(), order))
    with served(Canned(answer)) as base, use_cassette(tmp_path / "c.yaml", record="once"):
        with httpx.Client() as client, client.stream("POST", f"{base}/v1/threads/runs", headers=BETA) as response:
            for line in response.iter_lines():
                if line.startswith("event"):
                    order.append(f"got {line[-1]}")
                    _step.release()
    assert order == ["sent 0", "got 0", "sent 1", "got 1", "sent 2", "got 2"]
    assert len(load(tmp_path / "c.yaml")[0].timings) == 3


BETA = {"OpenAI-Beta": "assistants=v2"}


def _in_step(chunks: Iterator[Chunk], order: list[str]) -> Iterator[Chunk]:
    """Send a chunk only after the app has got the one before."""
    for number, chunk in enumerate(chunks):
        yield chunk
        _step.acquire(timeout=10)
        assert number < 3


def _semaphore() -> Any:
    import threading

    return threading.Semaphore(0)


_step = _semaphore()


def test_a_stream_that_breaks_is_recorded_as_it_broke(tmp_path: Path) -> None:
    """The recording holds what arrived and how it ended; the replay ends so too, and there is no second run."""
    started = (
        b'event: thread.run.created\ndata: {"id":"run_1","object":"thread.run","thread_id":"thread_1","status":"queued"}\n\n'
    )
    answer = Response(200, (("content-type", "text/event-stream"),), stream=iter([started, Abort("ReadError", "gone")]))
    path = tmp_path / "c.yaml"

    def listen(base: str) -> tuple[int, str]:
        count = 0
        with httpx.Client(base_url=base) as client, client.stream("POST", "/v1/threads/runs", headers=BETA) as response:
            try:
                for line in response.iter_lines():
                    count += line.startswith("event")
            except httpx.TransportError as error:
                return count, type(error).__name__
        return count, ""

    with served(Canned(answer)) as base, use_cassette(path, record="once"):
        live = listen(base)
    with use_cassette(path):
        assert listen("https://api.openai.com") == live == (1, "RemoteProtocolError")
    assert len(load(path)) == 1


def test_a_stream_that_the_app_leaves_is_recorded_so_far(tmp_path: Path) -> None:
    """An app that breaks off its stream has what it saw on record."""
    events = [f"event: e{number}\ndata: {{}}\n\n".encode() for number in range(5)]
    with served(Canned(Response(200, (("content-type", "text/event-stream"),), stream=iter(events)))) as base:
        with use_cassette(tmp_path / "c.yaml", record="once"), httpx.Client() as client:
            with client.stream("POST", f"{base}/v1/threads/runs", headers=BETA) as response:
                next(response.iter_lines())
    (one,) = load(tmp_path / "c.yaml")
    assert one.broken is not None
    assert (one.body or b"").startswith(b"event: e0")


def test_what_comes_after_the_app_closed_a_stream_is_not_on_record(tmp_path: Path) -> None:
    """What was on its way when the app closed its stream reaches it all the same; the recording ends at the close."""
    events = [f"event: e{number}\ndata: {{}}\n\n".encode() for number in range(3)]

    class OnItsWay(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from events

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=OnItsWay())

    path = tmp_path / "c.yaml"
    with use_cassette(path, record="once"), httpx.Client(transport=Elsewhere(answer)) as client:
        with client.stream("POST", "https://api.openai.com/v1/threads/runs", headers=BETA) as response:
            pieces = response.iter_raw()
            first = next(pieces)
            response.close()
            assert [first, *pieces] == events
    (one,) = load(path)
    assert (one.body, one.broken is not None) == (events[0], True)


class Elsewhere(httpx.BaseTransport):
    """A user's own transport; not a MockTransport, which would be left alone."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.handle_request = answer  # type: ignore[method-assign]


async def test_an_async_stream_that_breaks(tmp_path: Path) -> None:
    """An async client's stream that breaks off is recorded so far, with the error it ended with."""
    answer = Response(
        200, (("content-type", "text/event-stream"),), stream=iter([b"event: e0\ndata: {}\n\n", Abort("ReadError", "gone")])
    )
    path = tmp_path / "c.yaml"
    with served(Canned(answer)) as base, use_cassette(path, record="once"):
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(f"{base}/v1/threads/runs", headers=BETA)
    (one,) = load(path)
    assert one.body == b"event: e0\ndata: {}\n\n"
    assert one.broken is not None
    assert one.broken[1].startswith("peer closed connection")


def test_a_stream_that_the_sdk_reads_to_its_done_is_whole(recorded: tuple[Path, list[Any]]) -> None:
    """The SDK closes a stream at `[DONE]`: that is its end, and who reads on in the replay meets no error."""
    path, _ = recorded
    interactions = load(path)
    assert [one.broken for one in interactions] == [None] * len(interactions)
    with use_cassette(path, pace="recorded"), httpx.Client() as client:
        for one in interactions:
            answer = client.request(one.method, one.url, content=one.request_body, headers=dict(one.request_headers))
            assert answer.content == one.body


def test_retries_are_recorded_as_they_happened(tmp_path: Path, sdk: Sdk) -> None:
    """A 429, a dropped connection, then the answer: all three are on record, and the replay goes through them at once."""
    limited = Response(
        429, (("content-type", "application/json"), ("retry-after-ms", "1")), b'{"error": {"message": "slow"}}'
    )
    good = Response(200, (("content-type", "application/json"),), b'{"id": "thread_1", "object": "thread"}')
    server = Canned(limited, Abort("ReadError", "dropped"), good)
    path = tmp_path / "c.yaml"
    with served(server) as base, use_cassette(path, record="once"):
        client = sdk(base, max_retries=3)
        assert client.beta.threads.create().id == "thread_1"
    assert [one.status for one in load(path)] == [429, 502, 200]
    with use_cassette(path, unplayed="error"):
        assert sdk(max_retries=3).beta.threads.create().id == "thread_1"


def test_no_answer_at_all_is_no_recording(tmp_path: Path, sdk: Sdk) -> None:
    """Where no server is, nothing is written that would be replayed from then on; the address is named."""
    path = tmp_path / "c.yaml"
    with (
        pytest.raises(CassetteError, match=r"not written: no server answered \(POST http://127.0.0.1:9/.*ConnectError"),
        use_cassette(path, record="once"),
        pytest.raises(openai.APIConnectionError),
    ):
        sdk("http://127.0.0.1:9", max_retries=0).beta.threads.create()
    assert list(tmp_path.iterdir()) == []


def test_no_answer_is_recorded_when_asked_to(tmp_path: Path, sdk: Sdk) -> None:
    """`force=True` is for whoever wants just that."""
    path = tmp_path / "c.yaml"
    with use_cassette(path, record="once", force=True), pytest.raises(openai.APIConnectionError):
        sdk("http://127.0.0.1:9", max_retries=0).beta.threads.create()
    with use_cassette(path), pytest.raises(openai.APIConnectionError):
        sdk(max_retries=0).beta.threads.create()


def test_compressed_answers_are_stored_plain(tmp_path: Path, sdk: Sdk) -> None:
    """What came compressed is on record as text."""
    headers = (("content-type", "application/json"), ("content-encoding", "gzip"))
    server = Canned(Response(200, headers, gzip.compress(b'{"id": "thread_1", "object": "thread"}')))
    with served(server) as base, use_cassette(tmp_path / "c.yaml", record="once"):
        assert sdk(base).beta.threads.create().id == "thread_1"
    assert '"id": "thread_1"' in (tmp_path / "c.yaml").read_text()
    with use_cassette(tmp_path / "c.yaml"):
        assert sdk().beta.threads.create().id == "thread_1"


def test_multipart_replays_under_another_boundary(tmp_path: Path, sdk: Sdk) -> None:
    """An upload is found again though its boundary is drawn anew; binary content survives."""
    answer = b'{"id": "file-1", "object": "file", "filename": "a.bin", "purpose": "assistants"}'
    server = Canned(Response(200, (("content-type", "application/json"),), answer))

    def upload(base: str, content: bytes) -> str:
        client = sdk(base)
        return client.files.create(file=("a.pkl", content), purpose="assistants").id

    path = tmp_path / "c.yaml"
    with served(server) as base, use_cassette(path, record="once"):
        upload(base, b"\x00\xff\r\nbinary")
    with use_cassette(path):
        assert upload("https://api.openai.com", b"\x00\xff\r\nbinary") == "file-1"
    with pytest.raises(ReplayMiss, match="another body"), use_cassette(path), pytest.raises(openai.APIError):
        upload("https://api.openai.com", b"other")


def test_azure_is_recorded_too(tmp_path: Path, sdk: Sdk) -> None:
    """What was recorded on Azure's paths plays for a plain client, and its key is not in the file."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once"):
        azure = openai.AzureOpenAI(
            base_url=f"{base}/openai", api_version="2024-05-01-preview", api_key="0123456789abcdef" * 2
        )
        made = azure.beta.threads.create()
        azure.close()
    assert made.id.startswith("thread_")
    assert "0123456789abcdef" not in path.read_text()
    with use_cassette(path):
        assert sdk().beta.threads.create().id.startswith("thread_")


def test_record_new_adds_what_is_missing(tmp_path: Path, sdk: Sdk) -> None:
    """What the cassette holds is replayed, what it lacks is recorded, and the old stays."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base:
        client = sdk(base)
        with use_cassette(path, record="new"):
            client.beta.assistants.create(model="gpt-4o", name="one")
        before = load(path)
        with use_cassette(path, record="new"):
            client.beta.assistants.create(model="gpt-4o", name="one")
            client.beta.assistants.create(model="gpt-4o", name="two")
    after = load(path)
    assert after[0] == before[0]
    assert [one.request_json["name"] for one in after] == ["one", "two"]
    assert len({one.json["id"] for one in after}) == 2


def test_record_once_lets_nothing_out_afterwards(tmp_path: Path) -> None:
    """A cassette of an earlier run is only replayed."""
    path = tmp_path / "c.yaml"
    path.write_text('{"version": 1, "interactions": []}')
    server = Canned(Response(200, (), b"{}"))
    with served(server) as base, pytest.raises(ReplayMiss), use_cassette(path, record="once"):
        httpx.get(f"{base}/v1/assistants", headers=BETA)
    assert server.requests == []


def test_record_all_replaces(tmp_path: Path, sdk: Sdk) -> None:
    """Everything is recorded anew, and what is no longer asked is gone."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base:
        client = sdk(base)
        for names in (["one", "two"], ["three"]):
            with use_cassette(path, record="all"):
                for name in names:
                    client.beta.assistants.create(model="gpt-4o", name=name)
    assert [one.request_json["name"] for one in load(path)] == ["three"]


@pytest.mark.parametrize("pace", ["epochs", "recorded"])
def test_speed_keeps_the_recorded_timing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pace: Any) -> None:
    """With speed=2 a recorded stream waits half as long between its pieces; without, not at all; at either pace."""
    from understudy._http import transports

    path = tmp_path / "c.yaml"
    events = [f"event: e{number}\ndata: {{}}\n\n".encode() for number in range(3)]
    with served(Canned(Response(200, (("content-type", "text/event-stream"),), stream=iter(events)))) as base:
        with use_cassette(path, record="once"):
            httpx.post(f"{base}/v1/threads/runs", headers=BETA)
    recorded = load(path)[0].timings
    slept: list[float] = []
    monkeypatch.setattr(transports.time, "sleep", slept.append)
    with use_cassette(path, speed=2, pace=pace):
        httpx.post("https://api.openai.com/v1/threads/runs", headers=BETA)
    assert sum(slept) == pytest.approx(recorded[-1][0] / 2)
    slept.clear()
    with use_cassette(path, pace=pace):
        httpx.post("https://api.openai.com/v1/threads/runs", headers=BETA)
    assert slept == []


def test_a_stream_that_was_edited_keeps_its_end(tmp_path: Path, sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that somebody wrote behind a recorded stream come with its last piece: its times do not tell of them."""
    from understudy._http import transports

    path = tmp_path / "c.yaml"
    body = b"event: one\ndata: {}\n\n"
    with served(Canned(Response(200, (("content-type", "text/event-stream"),), stream=iter([body])))) as base:
        with use_cassette(path, record="once"):
            httpx.post(f"{base}/v1/threads/runs", headers=BETA)
    path.write_text(path.read_text().replace("event: one\n", "event: one\n        data: {}\n\n        event: two\n"))
    slept: list[float] = []
    monkeypatch.setattr(transports.time, "sleep", slept.append)
    with use_cassette(path, speed=1):
        text = httpx.post("https://api.openai.com/v1/threads/runs", headers=BETA).text
    assert text == "event: one\ndata: {}\n\nevent: two\ndata: {}\n\n"
    assert len(slept) == 1


@pytest.mark.parametrize(
    ("times", "polls"),
    [
        ((None, None), 1),
        (("yesterday", "today"), 1),
        ((None, "2024-04-27 19:39:19"), 1),
        (("Sat, 27 Apr 2024 19:39:16 GMT", "Sat, 27 Apr 2024 19:39:19 GMT"), 4),
        (("2024-04-27 19:39:16", "2024-04-27 19:39:19"), 4),
    ],
)
def test_speed_reads_the_times_of_any_recorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: Any, polls: int
) -> None:
    """A run changes after the 3 s it took, as Ruby's VCR and others write times; where none can be read, at once."""
    from understudy._cassettes import timing

    run = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1"}
    place = "/threads/thread_1/runs"
    entries = [
        entry(("POST", place, {}, {**run, "status": "queued"})),
        entry(("GET", f"{place}/run_1", None, {**run, "status": "completed"})),
    ]
    for one, moment in zip(entries, times, strict=True):
        one["recorded_at"] = moment
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": entries}))
    now = 100.0
    monkeypatch.setattr(timing.time, "monotonic", lambda: now)
    seen = []
    with use_cassette(path, speed=1), httpx.Client(base_url="https://api.openai.com/v1") as client:
        client.post(place, json={})
        for _ in range(polls):
            seen.append(client.get(f"{place}/run_1").json()["status"])
            now += 1
    assert seen == ["queued"] * (polls - 1) + ["completed"]


def test_a_cassette_shows_what_is_recorded_so_far(tmp_path: Path, sdk: Sdk) -> None:
    """While it is recorded, what is on record counts as played, and nothing as unplayed."""
    path = tmp_path / "c.yaml"
    with served(Backend()) as base, use_cassette(path, record="once") as cassette:
        assert repr(cassette) == f"<Cassette {path}: 0 played, 0 unplayed>"
        sdk(base).beta.threads.create()
        assert [str(one) for one in cassette.played] == ["#0 POST /threads"]
        assert repr(cassette) == f"<Cassette {path}: 1 played, 0 unplayed>"


def test_what_is_no_json_is_kept_as_it_came(tmp_path: Path) -> None:
    """An answer that only begins like JSON, and one with a header sent twice apart, are on record and given again."""
    headers = (("www-authenticate", "Bearer"), ("content-type", "application/json"), ("www-authenticate", "Basic"))
    path = tmp_path / "c.yaml"
    with served(Canned(Response(400, headers, b"{oops"))) as base, use_cassette(path, record="once"):
        live = httpx.get(f"{base}/v1/assistants", headers=BETA)
    with use_cassette(path):
        again = httpx.get("https://api.openai.com/v1/assistants", headers=BETA)
    assert again.content == live.content == b"{oops"
    assert again.headers.get_list("www-authenticate") == live.headers.get_list("www-authenticate") == ["Bearer", "Basic"]


class Odd(Exception):
    """No exception of any HTTP library."""


class Slower(httpx.ReadTimeout):
    """An exception of a transport of the app's own, with a parent that every HTTP library has."""


@pytest.mark.parametrize(("error", "again"), [(Odd("why"), httpx.ReadError), (Slower("why"), httpx.ReadTimeout)])
def test_errors_of_a_transport_of_the_apps_own(tmp_path: Path, error: Exception, again: type[Exception]) -> None:
    """What the app's own transport raises reaches the app as it is, and is replayed as the nearest that a library raises."""

    class Transport(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/threads"):
                return httpx.Response(200, content=iter([b'{"id": "thread_1"}']))
            raise error

    path = tmp_path / "c.yaml"
    url = "https://api.openai.com/v1"
    with use_cassette(path, record="once"), httpx.Client(transport=Transport()) as client:
        client.get(f"{url}/threads", headers=BETA)
        with pytest.raises(type(error)):
            client.get(f"{url}/assistants", headers=BETA)
    with use_cassette(path), pytest.raises(again, match="why"):
        httpx.get(f"{url}/assistants", headers=BETA)


async def test_answers_that_a_transport_had_already(tmp_path: Path) -> None:
    """What a transport of the app's own has in hand, a cache's say, is recorded as whole as what comes in pieces."""
    thread = {"id": "thread_1", "object": "thread"}

    class Cache(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=thread)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=thread)

    path = tmp_path / "c.yaml"
    where: dict[str, Any] = {"base_url": "https://api.openai.com/v1", "headers": BETA, "transport": Cache()}
    with use_cassette(path, record="once"), httpx.Client(**where) as client:
        assert client.post("/threads", json={}).json() == thread
        async with httpx.AsyncClient(**where) as waiting:
            assert (await waiting.post("/threads", json={"metadata": {}})).json() == thread
    assert [(one.json, one.broken) for one in load(path)] == [(thread, None)] * 2


def test_answers_that_a_transport_read_to_log_them(tmp_path: Path) -> None:
    """A transport of the app's own may read what it hands on, compressed or not; it is recorded all the same."""

    class Logging(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            seen.append(response.read())
            return response

    seen: list[bytes] = []
    body = b'{"id": "thread_1", "object": "thread"}'
    headers = (("content-type", "application/json"), ("content-encoding", "gzip"))
    path = tmp_path / "c.yaml"
    with (
        served(Canned(Response(200, headers, gzip.compress(body)))) as base,
        use_cassette(path, record="once"),
        httpx.Client(transport=Logging(), headers=BETA) as client,
    ):
        assert client.post(f"{base}/v1/threads", json={}).content == body == seen[0]
    (one,) = load(path)
    assert (one.json, one.broken) == (json.loads(body), None)


def test_what_an_older_recorder_lost_stays_lost(tmp_path: Path, sdk: Sdk) -> None:
    """record="new" adds to a cassette in which a body is missing, and writes that one as it was: missing."""
    path = written(tmp_path / "c.json", [("POST", "/threads", None, {"id": "thread_1"})])
    with served(Backend()) as base, use_cassette(path, record="new"):
        sdk(base).beta.assistants.create(model="gpt-4o")
    assert [one.request_body is None for one in load(path)] == [True, False]


def test_a_stream_left_open_at_the_end_is_on_record_once(tmp_path: Path) -> None:
    """What the app reads of it after the block is not, and leaves nothing on the disk that looks like a crash."""
    path = tmp_path / "c.yaml"
    events = [f"event: e{number}\ndata: {{}}\n\n".encode() for number in range(3)]
    with served(Canned(Response(200, (("content-type", "text/event-stream"),), stream=iter(events)))) as base:
        with httpx.Client() as client:
            with use_cassette(path, record="once"):
                response = client.send(client.build_request("POST", f"{base}/v1/threads/runs", headers=BETA), stream=True)
                lines = response.iter_lines()
                next(lines)
            assert [line for line in lines if line.startswith("event")] == ["event: e1", "event: e2"]
            response.close()
    (one,) = load(path)
    assert one.broken == ("RemoteProtocolError", "the recording ends here: the app closed this stream early")
    assert [file.name for file in tmp_path.iterdir()] == ["c.yaml"]


def test_a_request_still_waiting_at_the_end_is_not_recorded(tmp_path: Path) -> None:
    """Nothing is known of its answer when the recording ends; when it comes, the app has it, and no journal is begun."""
    arrived, go = threading.Event(), threading.Event()

    class Slow(Canned):
        def handle(self, request: Request) -> Answer:
            arrived.set()
            assert go.wait(10)
            return super().handle(request)

    path = tmp_path / "c.yaml"
    answers: list[int] = []

    def ask(url: str) -> None:
        answers.append(httpx.get(url, headers=BETA).status_code)

    with served(Slow(Response(200, (), b"{}"))) as base:
        with use_cassette(path, record="once") as cassette:
            thread = threading.Thread(target=contextvars.copy_context().run, args=(ask, f"{base}/v1/assistants"))
            thread.start()
            assert arrived.wait(10)
            assert cassette.played == []
        go.set()
        thread.join()
    assert answers == [200]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "is_kept"), [("as it came", True), ("of Mr. Smith", False)])
def test_a_streams_times_are_kept_unless_a_hook_changes_it(tmp_path: Path, text: str, is_kept: bool) -> None:
    """They count bytes: a stream that a hook let pass keeps its pace, one that it changed has none that would fit."""
    path = tmp_path / "c.yaml"
    events = [f"event: e\ndata: {{{text!r}: {number}}}\n\n".encode() for number in range(3)]
    answer = Response(200, (("content-type", "text/event-stream"),), stream=iter(events))

    def anonymous(answer: dict[str, Any]) -> dict[str, Any]:
        answer["body"]["string"] = answer["body"]["string"].replace(b"Mr. Smith", b"NN")
        return answer

    with served(Canned(answer)) as base, use_cassette(path, record="once", before_record_response=anonymous):
        httpx.post(f"{base}/v1/threads/runs", headers=BETA)
    (recorded,) = load(path)
    assert recorded.body == b"".join(events).replace(b"Mr. Smith", b"NN")
    assert bool(recorded.timings) is is_kept


def test_a_hook_that_fails_at_the_very_end_is_told(tmp_path: Path) -> None:
    """A stream that the app left open is recorded when the block ends; what goes wrong then is raised, nothing written.

    The key that it quotes is taken out.
    """
    key = "plain-words-as-a-key"
    headers = {**BETA, "Authorization": f"Bearer {key}"}

    def broken(_: Any) -> Any:
        raise KeyError("typo", {"for": key})

    path = tmp_path / "c.yaml"
    events = [b"event: one\ndata: {}\n\n", b"event: two\ndata: {}\n\n"]
    failed = r"before_record_response failed on POST .*KeyError\('typo', {'for': 'SCRUBBED'}\)"
    with served(Canned(Response(200, (("content-type", "text/event-stream"),), stream=iter(events)))) as base:
        with httpx.Client() as client, pytest.raises(CassetteError, match=failed) as refused:
            with use_cassette(path, record="once", before_record_response=broken):
                request = client.build_request("POST", f"{base}/v1/threads/runs", headers=headers)
                response = client.send(request, stream=True)
                next(response.iter_lines())
        response.close()
    assert key not in "".join(traceback.format_exception(refused.value))
    assert list(tmp_path.iterdir()) == []


def test_a_defect_of_ours_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we do wrong in a replay reaches the app as ours, and fails the test with its cause."""
    from understudy._cassettes import replay

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(replay.Replay, "answer", broken)
    path = tmp_path / "c.json"
    path.write_text('{"version": 1, "interactions": []}')
    with pytest.raises(InternalError, match=r"failed on GET /v1/threads/thread_1: ZeroDivisionError") as raised:
        with use_cassette(path):
            answer = httpx.get("https://api.openai.com/v1/threads/thread_1")
            assert answer.json()["error"]["code"] == "understudy_internal_error"
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert "please report it" in str(raised.value)


def test_speed_keeps_the_recorded_times_of_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With speed=2 a run that took 8 s changes after 4 s of the app's time, by each poll in between unchanged."""
    from understudy._cassettes import timing

    run = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1"}
    place = "/threads/thread_1/runs"
    asked: list[Any] = [("POST", place, {}, {**run, "status": "queued"})]
    asked += [("GET", f"{place}/run_1", None, {**run, "status": status}) for status in ("in_progress", "completed")]
    entries = [entry(exchange) for exchange in asked]
    for one, second in zip(entries, (0, 2, 10), strict=True):
        one["recorded_at"] = f"2024-05-01T00:00:{second:02}.000+00:00"
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": entries}))
    now = 100.0
    monkeypatch.setattr(timing.time, "monotonic", lambda: now)
    seen = []
    with use_cassette(path, speed=2), httpx.Client(base_url="https://api.openai.com/v1") as client:
        client.post(place, json={})
        for _ in range(13):
            answer = client.get(f"{place}/run_1")
            assert "openai-poll-after-ms" not in answer.headers
            seen.append(answer.json()["status"])
            now += 0.5
    assert seen == ["queued"] * 2 + ["in_progress"] * 8 + ["completed"] * 3
    with use_cassette(path), httpx.Client(base_url="https://api.openai.com/v1") as client:
        client.post(place, json={})
        assert [client.get(f"{place}/run_1").json()["status"] for _ in range(2)] == ["in_progress", "completed"]
