"""Replay of the Responses API: background polls, conversations, streams taken up anywhere, streams and plain answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cassettes.building import BASE, Exchange, listed, written
from tests.cassettes.building import streamed as streamed_events
from tests.cassettes.conftest import Ask
from tests.cassettes.driving import SHARED, send
from tests.cassettes.loopback import served
from tests.effort import examples, sampled
from understudy import FunctionCall, Reply, use_cassette
from understudy._backend.backend import Backend
from understudy._cassettes import load
from understudy._cassettes.session import CassetteSession
from understudy.errors import ReplayMiss

CONVERSATION = "/conversations/conv_1"
ITEMS = f"{CONVERSATION}/items"
QUESTION = {"id": "msg_1", "type": "message", "role": "user"}
ANSWER = {"id": "msg_2", "type": "message", "role": "assistant"}
ASKED = {"model": "gpt-4o", "input": "Hi", "background": True, "conversation": "conv_1"}
GET = "/responses/resp_1"
MODEL = "gpt-4o"
TOOL: Any = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}


def response(status: str, *output: dict[str, Any]) -> dict[str, Any]:
    """`resp_1`, in `conv_1`, in a status."""
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "conversation": {"id": "conv_1"},
        "output": list(output),
    }


CREATED: Exchange = ("POST", "/responses", ASKED, response("queued"))
SESSION: list[Exchange] = [
    ("POST", "/conversations", {}, {"id": "conv_1", "object": "conversation"}),
    ("GET", ITEMS, None, listed()),
    CREATED,
    ("GET", GET, None, response("queued")),
    ("GET", ITEMS, None, listed(QUESTION)),
    ("GET", GET, None, response("in_progress")),
    ("GET", GET, None, response("completed", ANSWER)),
    ("GET", ITEMS, None, listed(ANSWER, QUESTION)),
    ("GET", f"{ITEMS}/msg_2", None, ANSWER),
    ("DELETE", f"{ITEMS}/msg_2", None, {"id": "msg_2", "object": "conversation.item.deleted", "deleted": True}),
    ("GET", ITEMS, None, listed(QUESTION)),
]


def play(tmp_path: Path, exchanges: list[Exchange]) -> Any:
    """A cassette of these exchanges, in use."""
    return use_cassette(written(tmp_path / "c.json", exchanges))


def test_background_polls_go_on_and_stay_at_the_end(tmp_path: Path, ask: Ask) -> None:
    """Each poll shows the next recorded status, the last one ever after; what was recorded after a write waits for it."""
    with play(tmp_path, SESSION):
        ask("POST", "/conversations", {})
        assert ask("GET", ITEMS)["data"] == []
        ask(*CREATED[:3])
        assert [ask("GET", GET)["status"] for _ in range(5)] == ["in_progress", *["completed"] * 4]
        assert [item["id"] for item in ask("GET", ITEMS)["data"]] == ["msg_2", "msg_1"]
        ask("DELETE", f"{ITEMS}/msg_2")
        assert [item["id"] for item in ask("GET", ITEMS)["data"]] == ["msg_1"]


def test_an_answer_is_not_listed_before_its_response_is_over(tmp_path: Path, ask: Ask) -> None:
    """An app that has seen a response queued does not find in the conversation what that response wrote at its end."""
    without = [exchange for exchange in SESSION[:-2] if exchange[:2] != ("GET", ITEMS) or exchange[3]["data"] != [QUESTION]]
    with pytest.raises(ReplayMiss, match="later state"), play(tmp_path, without):
        ask("POST", "/conversations", {})
        ask(*CREATED[:3])
        assert ask("GET", GET)["status"] == "in_progress"
        assert ask("GET", ITEMS)["error"]["code"] == "understudy_replay_miss"


def test_events_of_a_response_that_was_only_polled(tmp_path: Path, ask: Ask) -> None:
    """A stream from a number on cannot be cut out of polls: the miss says what is not recorded."""
    with pytest.raises(ReplayMiss, match="no stream of this response was recorded"), play(tmp_path, SESSION[2:7]):
        ask(*CREATED[:3])
        assert ask("GET", f"{GET}?stream=true&starting_after=3")["error"]["code"] == "understudy_replay_miss"


def test_what_a_stream_that_was_taken_up_showed_is_not_polled_again(tmp_path: Path, ask: Ask) -> None:
    """Whoever has read a recorded stream from a number on to its end finds the response completed, not running again."""
    events = [
        {"type": f"response.{status}", "sequence_number": number, "response": response(status)}
        for number, status in enumerate(("in_progress", "completed"), 1)
    ]
    resumed = f"{GET}?stream=true&starting_after=0"
    body = streamed_events(*((event["type"], event) for event in events))
    with play(tmp_path, [CREATED, ("GET", resumed, None, body), ("GET", GET, None, response("completed"))]):
        ask(*CREATED[:3])
        with httpx.stream("GET", BASE + resumed) as stream:
            assert "response.completed" in "".join(stream.iter_text())
        assert ask("GET", GET)["status"] == "completed"


def test_what_another_server_adds_is_played(tmp_path: Path, ask: Ask) -> None:
    """Items without an id, and writes to a conversation that the API does not have, are answered as they were recorded."""
    seal: Exchange = ("POST", f"{CONVERSATION}/seal", {}, {"sealed": True})
    nameless = response("completed", {"type": "message", "role": "assistant"})
    with play(tmp_path, [CREATED, ("GET", GET, None, nameless), seal]):
        ask(*CREATED[:3])
        assert ask("GET", GET) == nameless
        assert ask(*seal[:3]) == {"sealed": True}


@settings(examples(60), deadline=None)
@given(
    polls=st.lists(st.sampled_from([GET, ITEMS]), max_size=8),
    after=st.lists(st.sampled_from([GET, ITEMS, f"{ITEMS}/msg_2"]), max_size=6),
)
def test_whatever_is_polled_nothing_goes_back(
    tmp_path_factory: pytest.TempPathFactory, plain: httpx.Client, polls: list[str], after: list[str]
) -> None:
    """A response never goes back, a conversation never shrinks, and shows an answer only of a response that is over."""
    order = ["queued", "in_progress", "completed"]
    with play(tmp_path_factory.mktemp("c"), SESSION):
        plain.post("/conversations", json={})
        plain.post("/responses", json=ASKED)
        seen, most = 0, 0
        for path in (*polls, *[GET] * 3, *after):
            answer = plain.get(path)
            assert answer.status_code == 200
            if path == GET:
                now = order.index(answer.json()["status"])
                assert now >= seen
                seen = now
            elif path == ITEMS:
                count = len(answer.json()["data"])
                assert count >= most
                assert (count == 2) <= (seen == 2)
                most = count


@pytest.fixture
def streamed(tmp_path: Path) -> tuple[Path, str, list[dict[str, Any]]]:
    """A recorded background stream: the cassette, the response's id, and the events."""
    backend = Backend(time="poll")
    backend.next_run([FunctionCall("f", {"a": 1})], Reply("unused"))
    cassette = tmp_path / "streamed.yaml"
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with use_cassette(cassette, record="once"):
            stream = client.responses.create(model=MODEL, input="x", background=True, stream=True, tools=[TOOL])
            events = [json.loads(event.to_json()) for event in stream]
    backend.problems.clear()
    return cassette, events[0]["response"]["id"], events


def test_a_stream_is_taken_up_after_any_event(streamed: tuple[Path, str, list[dict[str, Any]]]) -> None:
    """Of a recorded stream every `starting_after` is served: the events behind it, with their old numbers."""
    cassette, response_id, events = streamed
    create: Any = {"model": MODEL, "input": "x", "background": True, "stream": True, "tools": [TOOL]}
    with use_cassette(cassette), openai.OpenAI() as client:
        assert len(list(client.responses.create(**create))) == len(events)
        for after in range(len(events)):
            again = client.responses.retrieve(response_id, stream=True, starting_after=after)
            assert [event.sequence_number for event in again] == list(range(after + 1, len(events)))


def test_a_streamed_response_is_retrieved_plain(streamed: tuple[Path, str, list[dict[str, Any]]]) -> None:
    """What a recorded stream ended with is what a plain retrieve gives, though none was recorded."""
    cassette, response_id, _ = streamed
    create: Any = {"model": MODEL, "input": "x", "background": True, "stream": True, "tools": [TOOL]}
    with use_cassette(cassette), openai.OpenAI() as client:
        *_, last = client.responses.create(**create)
        assert client.responses.retrieve(response_id).to_dict() == last.to_dict()["response"]


@pytest.mark.parametrize("was_streamed", [True, False])
def test_stream_and_plain_answer_stand_for_each_other(tmp_path: Path, *, was_streamed: bool) -> None:
    """A create that was recorded as a stream is answered plainly, and the other way round, with the same response."""
    backend = Backend(time="poll")
    backend.next_run(Reply("Hello there."))
    cassette = tmp_path / "c.yaml"
    ask: Any = {"model": MODEL, "input": "x"}
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with use_cassette(cassette, record="once"):
            if was_streamed:
                recorded: Any = list(client.responses.create(**ask, stream=True))[-1].response  # type: ignore[union-attr]
            else:
                recorded = client.responses.create(**ask)
    assert backend.close() == []
    with use_cassette(cassette), openai.OpenAI() as client:
        if was_streamed:
            given: Any = client.responses.create(**ask)
        else:
            with client.responses.stream(**ask) as stream:
                given = stream.get_final_response()
    assert given.output_text == recorded.output_text == "Hello there."
    assert given.id == recorded.id
    assert given.output[0].id == recorded.output[0].id


PLAIN = response(
    "completed",
    {
        "id": "rs_1",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "First."}, {"type": "summary_text", "text": "Then."}],
    },
    {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [
            {
                "type": "output_text",
                "text": "Paris.",
                "annotations": [
                    {"type": "url_citation", "start_index": 0, "end_index": 5, "title": "t", "url": "https://u"}
                ],
            },
            {"type": "refusal", "refusal": "No more."},
        ],
    },
    {"id": "fc_1", "type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": 1}', "status": "completed"},
)


def test_a_stream_made_of_a_plain_answer_shows_all_of_it(tmp_path: Path) -> None:
    """Asked to stream what was recorded plain, the deltas join to each text, and every part and item comes whole."""
    asked: dict[str, Any] = {"input": "Hi", "model": MODEL}
    with play(tmp_path, [("POST", "/responses", asked, PLAIN)]), openai.OpenAI() as client:
        events = [event.to_dict() for event in client.responses.create(**asked, stream=True)]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"] == PLAIN

    def found(kind: str, key: str) -> list[Any]:
        return [event[key] for event in events if event["type"] == f"response.{kind}"]

    reasoning, message, call = PLAIN["output"]
    assert found("output_item.done", "item") == PLAIN["output"]
    assert [item["id"] for item in found("output_item.added", "item")] == ["rs_1", "msg_2", "fc_1"]
    assert found("reasoning_summary_text.delta", "delta") == ["First.", "Then."]
    assert found("reasoning_summary_text.done", "text") == ["First.", "Then."]
    assert found("reasoning_summary_part.done", "part") == reasoning["summary"]
    assert found("content_part.done", "part") == message["content"]
    assert found("output_text.delta", "delta") == found("output_text.done", "text") == ["Paris."]
    assert found("output_text.annotation.added", "annotation") == message["content"][0]["annotations"]
    assert found("output_text.annotation.added", "annotation_index") == [0]
    begun = [{"type": "output_text", "text": "", "annotations": []}, {"type": "refusal", "refusal": ""}]
    assert found("content_part.added", "part") == begun
    assert found("refusal.delta", "delta") == found("refusal.done", "refusal") == ["No more."]
    assert found("function_call_arguments.delta", "delta") == [call["arguments"]]
    assert found("function_call_arguments.done", "arguments") == [call["arguments"]]


RECORDED = SHARED / "recordings-responses"
PROJECTS = sorted(path.name for path in RECORDED.iterdir() if path.is_dir()) if RECORDED.is_dir() else []


@pytest.mark.skipif(not PROJECTS, reason="the real recordings do not lie beside this repository")
@pytest.mark.parametrize("project", PROJECTS)
@sampled(4)
def test_real_recordings_replay_byte_for_byte(project: str, every: int, plain: httpx.Client) -> None:
    """Asked in the recorded order, every recorded exchange is answered with its recorded status and bytes."""
    wrong = []
    for path in sorted((RECORDED / project).rglob("*.yaml"))[::every]:
        with CassetteSession(path):
            for interaction in load(path):
                answer = send(plain, interaction)
                if (answer.status_code, answer.content) != (interaction.status, interaction.body or b""):
                    wrong.append(f"{path.name} {interaction}: {answer.content[:200]!r}")
    assert not wrong, "\n".join(wrong)
