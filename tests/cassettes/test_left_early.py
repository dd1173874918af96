"""A stream that the recorded app stopped reading: an app that reads on is refused by name, and its test fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.cassettes.building import BASE, RUN, THREAD, entry, message, run, streamed, written
from tests.cassettes.conftest import Ask
from tests.cassettes.loopback import served
from understudy import Reply, use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy.errors import Livelock, ReplayMiss, UnderstudyError

CREATE = ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1", "stream": True})
EVENTS = streamed(
    ("thread.run.created", run("queued")),
    ("thread.run.in_progress", run("in_progress")),
    ("thread.message.created", {**message(2, "run_1"), "content": []}),
).partition("event: done")[0]
CLOSED = {"kind": "RemoteProtocolError", "message": "the recording ends here: the app closed this stream early"}


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A run whose stream was recorded for three events."""
    return cut(tmp_path, entry((*CREATE, EVENTS)))


def cut(tmp_path: Path, exchange: dict[str, Any]) -> Path:
    """A cassette of one exchange whose answer the app closed early."""
    exchange["understudy"] = {"broken": CLOSED}
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "understudy": {"format": 1}, "interactions": [exchange]}))
    return path


def test_an_app_that_leaves_at_the_same_place_is_answered(left: Path) -> None:
    """What was recorded is given, event by event, and nothing is wrong with stopping there."""
    with use_cassette(left), openai.OpenAI() as client:
        stream = client.beta.threads.runs.create("thread_1", assistant_id="asst_1", stream=True)
        assert [next(stream).event for _ in range(3)][-1] == "thread.message.created"
        stream.close()


def test_an_app_that_reads_on_is_refused_by_name(left: Path) -> None:
    """The SDK raises our text, neither retried nor renamed, and the test fails though the app swallows it."""
    with pytest.raises(ReplayMiss, match=r"no more of the answer to #0 POST .*\nWhy: .* closed it after 3 events"):
        with use_cassette(left), openai.OpenAI() as client:
            with pytest.raises(openai.APIError, match=r"c\.json has no more of the answer") as raised:
                list(client.beta.threads.runs.create("thread_1", assistant_id="asst_1", stream=True))
            assert not isinstance(raised.value, openai.APIConnectionError)


async def test_an_async_app_that_reads_on_is_refused_by_name(left: Path) -> None:
    """The same through the async client and its stream helper."""
    with pytest.raises(ReplayMiss, match="no more of the answer"):
        with use_cassette(left):
            async with openai.AsyncOpenAI() as client:
                with pytest.raises(openai.APIError, match="has no more of the answer"):
                    async with client.beta.threads.runs.stream(thread_id="thread_1", assistant_id="asst_1") as stream:
                        await stream.until_done()


@pytest.mark.parametrize("pace", ["epochs", "recorded"])
def test_without_an_sdk_it_is_the_last_event(left: Path, plain: httpx.Client, pace: Any) -> None:
    """Whoever reads the stream itself gets an `error` event with the envelope of a miss, at any pace."""
    with pytest.raises(ReplayMiss, match="no more of the answer"), use_cassette(left, pace=pace):
        text = plain.post(CREATE[1], json=CREATE[2]).text
    told = text.removeprefix(EVENTS)
    assert told.startswith("event: error\ndata: ")
    assert json.loads(told.partition("data: ")[2])["error"]["code"] == "understudy_replay_miss"


def test_a_plain_answer_is_refused_at_once(tmp_path: Path, plain: httpx.Client) -> None:
    """Half a JSON document is of no use to an app: it gets the 501 of any miss."""
    exchange = entry(("GET", THREAD, None, {"id": "thread_1"}))
    exchange["response"]["body"]["string"] = '{"id": "thre'
    with pytest.raises(ReplayMiss, match="closed it after 12 bytes"), use_cassette(cut(tmp_path, exchange)):
        assert plain.get(THREAD).status_code == 501


def test_a_download_breaks_off_where_the_recording_does(tmp_path: Path, plain: httpx.Client) -> None:
    """Of a file's content the part that was recorded can be read; more of it fails the test."""
    exchange = entry(("GET", "/files/file-1/content", None, "12345"))
    exchange["response"]["headers"] = {"content-type": ["application/octet-stream"]}
    path = cut(tmp_path, exchange)
    with use_cassette(path), plain.stream("GET", "/files/file-1/content") as response:
        assert next(response.iter_bytes()) == b"12345"
    with pytest.raises(ReplayMiss, match="closed it after 5 bytes"), use_cassette(path):
        with pytest.raises(httpx.RemoteProtocolError, match="no more of the answer"):
            plain.get("/files/file-1/content")


def test_recorded_with_a_break_and_replayed_to_the_end(tmp_path: Path) -> None:
    """From the recorder to the replay: an app that once left the loop, and reads on today."""
    path, backend = tmp_path / "c.yaml", Backend()
    backend.add_assistant(id="asst_1", instructions="Be kind.")
    backend.add_thread(id="thread_1")
    backend.next_run(Reply("Hello."))

    def ask(client: openai.OpenAI, most: int) -> int:
        stream = client.beta.threads.runs.create("thread_1", assistant_id="asst_1", stream=True)
        count = sum(1 for _, _ in zip(range(most), stream, strict=False))
        stream.close()
        return count

    with served(backend) as base, openai.OpenAI(base_url=f"{base}/v1", api_key="key-of-the-test") as client:
        with use_cassette(path, record="once"):
            assert ask(client, 3) == 3
        known = len(load(path)[0].events)
        with use_cassette(path):
            assert ask(client, 3) == 3
        with pytest.raises(UnderstudyError, match=f"closed it after {known} events"), use_cassette(path):
            with pytest.raises(openai.APIError, match="has no more of the answer"):
                ask(client, 1000)


def test_a_run_that_the_recording_leaves_running_is_not_polled_for_ever(tmp_path: Path, ask: Ask) -> None:
    """An app that waits for an end which was never recorded is told so, instead of hanging."""
    exchanges = [(CREATE[0], CREATE[1], {"assistant_id": "asst_1"}, run("queued")), ("GET", RUN, None, run("in_progress"))]
    with pytest.raises(Livelock, match="stays 'in_progress': the recording ends there"):
        with use_cassette(written(tmp_path / "c.json", exchanges)):
            ask("POST", CREATE[1], {"assistant_id": "asst_1"})
            while "status" in ask("GET", RUN):
                pass
    assert BASE in load(tmp_path / "c.json")[0].url
