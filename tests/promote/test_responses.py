"""Cassettes of the Responses API promote: the backend plays them again under the recorded ids, and goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.cassettes.building import written
from tests.cassettes.loopback import served
from tests.promote.driving import answered
from understudy import Backend, FunctionCall, Reply, use_cassette
from understudy._cassettes import load
from understudy._promote import code_of, from_cassette
from understudy.scripts import Reason

MODEL = "gpt-4o"
TOOL: Any = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}


def converse(client: openai.OpenAI) -> None:
    """A conversation with a tool loop, a stream, and a look at what is in it."""
    conversation = client.conversations.create(items=[{"type": "message", "role": "user", "content": "I am Ada."}])
    first = client.responses.create(model=MODEL, input="Weather?", conversation=conversation.id, tools=[TOOL])
    output: Any = {"type": "function_call_output", "call_id": first.output[0].call_id, "output": "sunny"}  # type: ignore[union-attr]
    client.responses.create(model=MODEL, input=[output], conversation=conversation.id, tools=[TOOL])
    chained = client.responses.create(model=MODEL, input="Alone")
    list(client.responses.create(model=MODEL, input="And?", previous_response_id=chained.id, stream=True))
    client.responses.retrieve(chained.id)
    client.conversations.items.list(conversation.id)


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """That session, recorded over a socket."""
    backend = Backend(time="poll", start=1_785_000_000)
    backend.next_run(FunctionCall("f", {"city": "Paris"}), Reply("Sunny."))
    backend.next_run(Reason("Hm."), Reply("Yes?"))
    backend.next_run(Reply(chunks=["Stre", "amed."]))
    path = tmp_path / "c.yaml"
    with served(backend) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="sk-loopback") as client:
        with use_cassette(path, record="once"):
            converse(client)
    assert backend.close() == []
    return path


def said(value: Any) -> Any:
    """What an answer says, in the same form for streams and plain ones: its id, its items' ids, its items."""
    shown = value[-1][1]["response"] if isinstance(value, list) else value
    return shown.get("id"), [(item.get("id"), item["type"], item.get("content")) for item in shown.get("output", ())]


def test_a_promoted_backend_plays_it_again(cassette: Path) -> None:
    """The same requests get the same words, calls and ids; pieces of streams included."""
    backend = from_cassette(cassette)
    for interaction in load(cassette):
        status, content = answered(backend, interaction)
        assert status == interaction.status, content
        recorded: Any = interaction.events or interaction.json
        assert said(content) == said(recorded), interaction
        if interaction.events:
            assert [name for name, _ in content] == [name for name, _ in recorded]
    assert backend.scripts_left == []


def test_a_promoted_backend_plays_on(cassette: Path) -> None:
    """Behind the recording the conversation goes on: what is asked next follows what was said."""
    backend = from_cassette(cassette)
    with backend.client() as client:
        converse(client)
        conversation = backend.conversations[0].id
        before = len(backend.items(conversation))
        backend.next_run(Reply("Still here."))
        assert client.responses.create(model=MODEL, input="More", conversation=conversation).output_text == "Still here."
        assert len(backend.items(conversation)) == before + 2


def test_the_code_does_the_same(cassette: Path) -> None:
    """The written module sets a backend up like the promotion itself."""
    code: dict[str, Any] = {}
    exec(code_of(cassette), code)
    backend = Backend(strict=False)
    code["set_up"](backend)
    assert [script.moves for script in backend.scripts_left] == [
        script.moves for script in from_cassette(cassette).scripts_left
    ]


def test_what_was_there_before_is_seeded(tmp_path: Path) -> None:
    """A conversation and a response that a session only goes on from are there, with what the answers show of them."""
    conversation, response = f"conv_{'1' * 48}", f"resp_{'2' * 50}"
    item = {"id": f"msg_{'3' * 50}", "type": "message", "role": "user", "status": "completed"}
    item["content"] = [{"type": "input_text", "text": "Hi"}]  # type: ignore[assignment]
    page = {"object": "list", "data": [item], "first_id": item["id"], "has_more": False, "last_id": item["id"]}
    made = {"id": f"resp_{'4' * 50}", "object": "response", "created_at": 1_785_000_000, "status": "completed"}
    made |= {"model": MODEL, "output": [], "previous_response_id": response}  # type: ignore[dict-item]
    body = {"model": MODEL, "input": "x", "previous_response_id": response}
    exchanges: Any = [("GET", f"/conversations/{conversation}/items", None, page), ("POST", "/responses", body, made)]
    backend = from_cassette(written(tmp_path / "c.json", exchanges))
    assert [one.id for one in backend.items(conversation)] == [item["id"]]
    with backend.client() as client:
        assert client.responses.create(**body).id == made["id"]  # type: ignore[call-overload]
