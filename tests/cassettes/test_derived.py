"""What was never asked when it was recorded, but follows from what was: lists, objects, and streams of polled runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cassettes.building import BASE, RUN, THREAD, Exchange, listed, message, run, streamed, written
from tests.cassettes.conftest import Ask
from understudy import use_cassette
from understudy.errors import ReplayMiss

MESSAGES = f"{THREAD}/messages"
STEPS = f"{RUN}/steps"
UNKNOWN = "no such request was recorded"


def step(number: int, status: str = "completed") -> dict[str, Any]:
    """A step of `run_1`."""
    ids = {"id": f"step_{number}", "object": "thread.run.step", "run_id": "run_1", "thread_id": "thread_1"}
    return {**ids, "created_at": number, "status": status}


STREAM = streamed(
    ("thread.run.created", run("queued")),
    ("thread.run.in_progress", run("in_progress")),
    ("thread.run.step.created", step(1, "in_progress")),
    ("thread.message.created", {**message(3, "run_1"), "content": []}),
    ("thread.message.completed", message(3, "run_1")),
    ("thread.run.step.completed", step(1)),
    ("thread.run.step.completed", step(2)),
    ("thread.run.completed", run("completed")),
)
FIRST_TURN: tuple[Exchange, ...] = (
    ("POST", "/threads", {}, {"id": "thread_1", "object": "thread"}),
    ("POST", MESSAGES, {"content": "1"}, message(1)),
    ("POST", MESSAGES, {"content": "2"}, message(2)),
    ("POST", f"{THREAD}/runs", {"stream": True}, STREAM),
)
LATER: Exchange = ("POST", MESSAGES, {"content": "4"}, message(4))


@pytest.fixture
def streamed_run(tmp_path: Path) -> Path:
    """Two messages, a run that was streamed, and a message after it; nothing of it was ever listed."""
    return written(tmp_path / "c.json", [*FIRST_TURN, LATER])


Play = Callable[..., None]


@pytest.fixture
def play(plain: httpx.Client) -> Play:
    """Send the requests of exchanges as they were recorded; each is answered."""

    def send(*exchanges: Exchange) -> None:
        for method, path, body, _ in exchanges:
            plain.request(method, BASE + path, json=body).raise_for_status()

    return send


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ("", [3, 2, 1], False),
        ("?order=desc", [3, 2, 1], False),
        ("?order=asc", [1, 2, 3], False),
        ("?limit=2", [3, 2], True),
        ("?limit=3", [3, 2, 1], False),
        ("?limit=1&order=asc", [1], True),
        ("?run_id=run_1", [3], False),
        ("?run_id=run_2", [], False),
    ],
)
def test_a_list_that_was_never_asked_for(
    streamed_run: Path, ask: Ask, play: Play, query: str, ids: list[int], more: bool
) -> None:
    """Who made a thread empty knows all its messages: they are listed as the service lists them, newest first."""
    with use_cassette(streamed_run):
        play(*FIRST_TURN)
        page = ask("GET", MESSAGES + query)
    named = [f"msg_{number}" for number in ids]
    assert [one["id"] for one in page.pop("data")] == named
    ends = {"first_id": named[0], "last_id": named[-1]} if named else {"first_id": None, "last_id": None}
    assert page == {"object": "list", **ends, "has_more": more}


@pytest.mark.parametrize("query", ["?after=msg_3", "?before=msg_1", "?limit=many", "?limit=-1"])
def test_a_query_that_needs_the_service(streamed_run: Path, ask: Ask, play: Play, query: str) -> None:
    """What the recording does not say how to answer is a miss, not a guess."""
    with pytest.raises(ReplayMiss, match=UNKNOWN), use_cassette(streamed_run):
        play(*FIRST_TURN)
        assert ask("GET", MESSAGES + query)["error"]["code"] == "understudy_replay_miss"


def test_the_first_page_has_twenty(tmp_path: Path, ask: Ask, play: Play) -> None:
    """Without a limit a page holds the newest 20."""
    posts: list[Exchange] = [("POST", MESSAGES, {"content": str(number)}, message(number)) for number in range(1, 22)]
    with use_cassette(written(tmp_path / "c.json", [FIRST_TURN[0], *posts])):
        play(FIRST_TURN[0], *posts)
        page = ask("GET", MESSAGES)
    assert (len(page["data"]), page["first_id"], page["last_id"], page["has_more"]) == (20, "msg_21", "msg_2", True)


def test_a_list_knows_nothing_of_later_writes(streamed_run: Path, ask: Ask, play: Play) -> None:
    """Each list shows the thread as it stood: before the run, after it, after the next message."""
    shown = []
    with use_cassette(streamed_run):
        for exchange in (*FIRST_TURN, LATER):
            play(exchange)
            shown.append([one["id"] for one in ask("GET", MESSAGES)["data"]])
    assert shown == [[], ["msg_1"], ["msg_2", "msg_1"], ["msg_3", "msg_2", "msg_1"], ["msg_4", "msg_3", "msg_2", "msg_1"]]


def test_an_object_of_a_list(streamed_run: Path, ask: Ask, play: Play) -> None:
    """A message that only a stream showed can be retrieved, as its last event left it."""
    with use_cassette(streamed_run):
        play(*FIRST_TURN)
        assert ask("GET", f"{MESSAGES}/msg_3")["content"][0]["text"]["value"] == "text 3"
        assert ask("GET", f"{MESSAGES}/msg_1") == message(1)
        assert ask("GET", f"{STEPS}/step_1") == {
            **step(1),
            "expires_at": None,
        }  # which REST adds


def test_steps(streamed_run: Path, ask: Ask, play: Play) -> None:
    """The steps in a stream are all that its run has."""
    with use_cassette(streamed_run):
        play(*FIRST_TURN)
        page = ask("GET", f"{STEPS}?order=asc")
        assert [(one["id"], one["status"]) for one in page["data"]] == [("step_1", "completed"), ("step_2", "completed")]


@pytest.mark.parametrize(
    "exchanges",
    [
        ("POST", "/threads", {"messages": [{"role": "user", "content": "0"}]}, {"id": "thread_1", "object": "thread"}),
        ("POST", "/threads", {}, {"id": "thread_2", "object": "thread"}),
    ],
    ids=["made with messages", "made elsewhere"],
)
def test_a_thread_that_is_not_known_whole(tmp_path: Path, ask: Ask, play: Play, exchanges: Exchange) -> None:
    """Of a thread that may hold messages the recording never showed, no list is made up."""
    path = written(tmp_path / "c.json", [exchanges, FIRST_TURN[1]])
    with pytest.raises(ReplayMiss, match=UNKNOWN), use_cassette(path):
        play(exchanges, FIRST_TURN[1])
        ask("GET", MESSAGES)


def test_a_deleted_message(tmp_path: Path, ask: Ask, play: Play) -> None:
    """After a deletion the recording does not say what is left, so no list is made up."""
    deletion: Exchange = ("DELETE", f"{MESSAGES}/msg_1", None, {"id": "msg_1", "object": "thread.message.deleted"})
    exchanges = [*FIRST_TURN[:2], deletion]
    with (
        pytest.raises(ReplayMiss, match=UNKNOWN),
        use_cassette(written(tmp_path / "c.json", exchanges)),
    ):
        play(*exchanges)
        ask("GET", MESSAGES)


def test_a_polled_run_may_have_said_more(tmp_path: Path, ask: Ask, play: Play) -> None:
    """What messages a polled run made, only lists say: where none was recorded, none is made up."""
    exchanges: list[Exchange] = [
        *FIRST_TURN[:2],
        ("POST", f"{THREAD}/runs", {}, run("queued")),
        ("GET", RUN, None, run("completed")),
    ]
    with (
        pytest.raises(ReplayMiss, match=UNKNOWN),
        use_cassette(written(tmp_path / "c.json", exchanges)),
    ):
        play(*exchanges)
        ask("GET", MESSAGES)


def test_a_recorded_list_comes_first(tmp_path: Path, ask: Ask, play: Play) -> None:
    """Where the list itself was recorded, it is played as it was, whatever else is known."""
    recorded = {**listed(message(2), message(1)), "first_id": "as recorded"}
    exchanges = [*FIRST_TURN[:3], ("GET", MESSAGES, None, recorded)]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        play(*FIRST_TURN[:3])
        assert ask("GET", MESSAGES) == recorded


def test_a_stream_read_in_part(streamed_run: Path, ask: Ask, play: Play, plain: httpx.Client) -> None:
    """An app that leaves a stream and polls goes on from the last event it read, skipping no state."""
    with use_cassette(streamed_run):
        play(*FIRST_TURN[:3])
        with plain.stream("POST", f"{BASE}{THREAD}/runs", json={"stream": True}) as response:
            assert next(response.iter_lines()) == "event: thread.run.created"
        assert [ask("GET", RUN)["status"] for _ in range(2)] == ["in_progress", "completed"]


def test_every_part_of_a_message_is_streamed(tmp_path: Path, ask: Ask, plain: httpx.Client) -> None:
    """Of a run that was polled, the stream carries each part of its messages, and each note, with its place."""
    note = {"type": "file_citation", "text": "[1]", "start_index": 0, "end_index": 3, "file_citation": {"file_id": "file_1"}}
    text = {"type": "text", "text": {"value": "[1] says so", "annotations": [note, note]}}
    image = {"type": "image_file", "image_file": {"file_id": "file_2"}}
    said = {**message(3, "run_1"), "content": [image, text]}
    exchanges: list[Exchange] = [
        ("POST", f"{THREAD}/runs", {}, run("queued")),
        ("GET", RUN, None, run("completed")),
        ("GET", MESSAGES, None, listed(said)),
    ]
    with use_cassette(written(tmp_path / "c.json", exchanges)):
        response = plain.post(f"{BASE}{THREAD}/runs", json={"stream": True})
        assert ask("GET", RUN)["status"] == "completed"
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    sent = [block.split("\ndata: ") for block in response.text.strip().split("\n\n")]
    (delta,) = [json.loads(data)["delta"] for name, data in sent if name == "event: thread.message.delta"]
    notes = [{"index": 0, **note}, {"index": 1, **note}]
    assert delta == {
        "content": [
            {"index": 0, **image},
            {"index": 1, "type": "text", "text": {"value": "[1] says so", "annotations": notes}},
        ]
    }
