"""What is sent to a response and listed again: items by their kinds, in chains and in conversations."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from understudy import CodeInterpreter, FunctionCall, Reason, Reply, ResponseItem, simulate
from understudy._apis.responses import objects

MODEL = "gpt-4o-mini"
ASKED: Any = {"model": MODEL, "input": "x"}
TOOL: Any = {"type": "function", "name": "f", "parameters": {}}
URL = "https://example.com/a.png"


def output(call: Any, text: Any = "1") -> Any:
    return {"type": "function_call_output", "call_id": call.call_id, "output": text}


def plain(item: Any) -> Any:
    return item.to_dict(warnings=False)


@pytest.mark.parametrize(("include", "url"), [([], None), (["message.input_image.image_url"], URL)])
def test_listed_parts(client: Any, include: Any, url: str | None) -> None:
    """Input is listed without the data of files, and without the addresses of images unless they are included."""
    parts = [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "image_url": URL},
        {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="},
    ]
    response = client.responses.create(model=MODEL, input=[{"role": "user", "content": parts}])
    (message,) = client.responses.input_items.list(response.id, include=include).data
    assert plain(message)["content"] == [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "detail": "auto", "file_id": None, "image_url": url},
        {"type": "input_file", "file_id": None, "filename": "a.txt"},
    ]


def test_probabilities_of_an_item_that_was_added(client: Any) -> None:
    """A reply that the app puts into a conversation keeps its probabilities and notes."""
    chance = {"token": "Yes", "logprob": -0.5, "bytes": [89, 101, 115], "top_logprobs": []}
    part = {"type": "output_text", "text": "Yes", "annotations": [], "logprobs": [chance]}
    made = client.conversations.create(items=[{"type": "message", "role": "assistant", "content": [part]}])
    (item,) = client.conversations.items.list(made.id).data
    assert plain(item)["content"] == [part]


def test_input_in_a_conversation(client: Any) -> None:
    """In a conversation, the input that is listed for a response is what its own request brought."""
    made = client.conversations.create(items=[{"role": "user", "content": "Hello."}])
    asked = [{"role": "user", "content": text} for text in ("one", "two")]
    response = client.responses.create(model=MODEL, input=asked, conversation=made.id)
    listed = client.responses.input_items.list(response.id, order="asc").data
    assert [item.content[0].text for item in listed] == ["one", "two"]


def test_an_unknown_cursor(client: Any) -> None:
    """A cursor that names no item of the input, or a number of an event where nothing is streamed, is refused."""
    response = client.responses.create(**ASKED)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.input_items.list(response.id, after="msg_gone")
    assert (caught.value.param, "msg_gone" in caught.value.message) == ("after", True)
    with pytest.raises(openai.BadRequestError, match="starting_after"):
        client.responses.retrieve(response.id, extra_query={"starting_after": 1})


@pytest.mark.parametrize("more", [{}, {"type": None}], ids=["without", "null"])
def test_items_without_a_type(client: Any, more: Any) -> None:
    """An item without a type, or with null for one, is a reference if an id is all it has; else it is a message."""
    first = client.responses.create(**ASKED)
    sent = [{**more, "id": first.output[0].id}, {**more, "role": "user", "content": "Hello."}]
    response = client.responses.create(model=MODEL, input=sent)
    listed = client.responses.input_items.list(response.id, order="asc").data
    assert [(item.role, item.content[0].text) for item in listed] == [
        ("assistant", first.output_text),
        ("user", "Hello."),
    ]


def test_a_screenshot_is_an_output() -> None:
    """The output of a call may be an object, such as a screenshot: the script goes on, and sees it as JSON."""
    screen = {"type": "computer_screenshot", "image_url": URL}
    call = {"type": "computer_call", "call_id": "call_1", "action": {"type": "screenshot"}, "pending_safety_checks": []}
    seen: list[Any] = []

    def script(run: Any) -> Any:
        seen.append((yield ResponseItem({**call, "status": "completed", "id": "cu_1"})))
        yield Reply("I see.")

    with simulate(script=script) as backend:
        client = backend.client()
        tool: Any = {"type": "computer"}
        first = client.responses.create(**ASKED, tools=[tool])
        answer: Any = {"type": "computer_call_output", "call_id": "call_1", "output": screen}
        second = client.responses.create(model=MODEL, previous_response_id=first.id, input=[answer], tools=[tool])
    assert second.output_text == "I see."
    assert "computer_screenshot" in str(seen)


def test_an_item_of_another_branch_is_new() -> None:
    """An item that another branch of the chain wrote is not yet part of this one, and may be sent."""
    with simulate(script=(Reply("Yes."),)) as backend:
        client = backend.client()
        root = client.responses.create(**ASKED)
        one, other = (client.responses.create(**ASKED, previous_response_id=root.id) for _ in range(2))
        sent: Any = [plain(one.output[0]), {"role": "user", "content": "y"}]
        assert client.responses.create(model=MODEL, input=sent, previous_response_id=other.id).status == "completed"
        with pytest.raises(openai.BadRequestError, match="Duplicate item found"):
            client.responses.create(model=MODEL, input=sent, previous_response_id=one.id)


def test_a_thought_that_was_not_stored() -> None:
    """A reasoning item that was not stored is taken with its encrypted content alone."""
    with simulate(script=(Reason("Hm."), Reply("Yes."))) as backend:
        client = backend.client()
        asked: Any = {"model": "gpt-5-mini", "store": False}
        first = client.responses.create(input="x", include=["reasoning.encrypted_content"], **asked)
        history = [plain(item) for item in first.output]
        more = [{"role": "user", "content": "y"}]
        assert history[0]["encrypted_content"]
        assert client.responses.create(input=[*history, *more], **asked).output_text == "Yes."
        del history[0]["encrypted_content"]
        with pytest.raises(openai.NotFoundError, match="Items are not persisted when `store` is set to false"):
            client.responses.create(input=[*history, *more], **asked)


def test_ids_of_what_was_not_stored_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the items that were not stored, the latest are known as such; older ones are unknown, so that memory is bounded."""
    monkeypatch.setattr(objects, "MAX_UNSTORED_IDS", 2)
    with simulate() as backend:
        client = backend.client()
        ids = [client.responses.create(**ASKED, store=False).output[0].id for _ in range(3)]
        texts = []
        for item_id in ids:
            with pytest.raises(openai.APIStatusError) as caught:
                client.responses.create(model=MODEL, input=[{"type": "item_reference", "id": item_id}])  # type: ignore[list-item, typeddict-item]
            texts.append("not persisted" in caught.value.message)
        assert texts == [False, True, True]


def test_some_of_the_outputs_begin_anew() -> None:
    """A history that leaves out one of two parallel calls answers no response: it takes the next script."""
    with simulate() as backend:
        backend.next_run([FunctionCall("f"), FunctionCall("f")], Reply("Both."))
        backend.next_run(Reply("Another script."))
        client = backend.client()
        call, _ = client.responses.create(**ASKED, tools=[TOOL]).output
        history: Any = [{"role": "user", "content": "x"}, plain(call), output(call)]
        assert client.responses.create(model=MODEL, input=history, tools=[TOOL]).output_text == "Another script."


def test_a_named_container() -> None:
    """Code runs in the container that the request names."""
    with simulate(script=(CodeInterpreter("1"), Reply("1"))) as backend:
        tool: Any = {"type": "code_interpreter", "container": "cntr_1"}
        item: Any = backend.client().responses.create(**ASKED, tools=[tool]).output[0]
    assert item.container_id == "cntr_1"


def test_a_running_response_is_not_continued() -> None:
    """Nothing goes on from a response that still runs."""
    with simulate(time="manual") as backend:
        client = backend.client()
        running = client.responses.create(**ASKED, background=True)
        with pytest.raises(openai.BadRequestError, match=running.id):
            client.responses.create(**ASKED, previous_response_id=running.id)
        backend.clock.advance(60)
        assert client.responses.create(**ASKED, previous_response_id=running.id).status == "completed"


def test_what_a_conversation_costs_is_counted_anew_without_an_item(client: Any) -> None:
    """The tokens of a conversation are those of the items that are there: a deleted one is billed no more."""
    made = client.conversations.create()
    counted = []
    for _ in range(2):
        response = client.responses.create(model=MODEL, input="word " * 50, conversation=made.id)
        counted.append(response.usage.input_tokens)
    for item in client.conversations.items.list(made.id):
        if item.role == "user":
            client.conversations.items.delete(item.id, conversation_id=made.id)
    last = client.responses.create(model=MODEL, input="word " * 50, conversation=made.id).usage.input_tokens
    assert counted[0] < last < counted[1]


def test_a_turn_without_input(client: Any) -> None:
    """In a conversation, an empty input lets the model go on."""
    made = client.conversations.create(items=[{"role": "user", "content": "Hello."}])
    assert client.responses.create(model=MODEL, input=[], conversation=made.id).status == "completed"
    assert len(client.conversations.items.list(made.id).data) == 2


LOOSE: Any = {
    "type": "object",
    "properties": {"a": {"anyOf": [{"type": "object", "properties": {"b": {}}}, {"type": "null"}]}},
}
STRICT: Any = {
    "type": "object",
    "properties": {
        "a": {
            "anyOf": [
                {"type": "object", "properties": {"b": {}}, "required": ["b"], "additionalProperties": False},
                {"type": "null"},
            ]
        }
    },
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("tool", "echoed"),
    [
        ({"type": "function", "name": "f", "parameters": LOOSE}, {"parameters": STRICT, "strict": True}),
        ({"type": "function", "name": "f", "parameters": {}, "defer_loading": True}, {"defer_loading": True}),
        ({"type": "function", "name": "f", "parameters": {"type": "object", "properties": {"a": True}}}, {"strict": True}),
        (
            {"type": "mcp", "server_label": "m", "connector_id": "connector_gmail", "authorization": "secret"},
            {"authorization": "<redacted>", "connector_id": "connector_gmail", "server_url": None},
        ),
        (
            {"type": "mcp", "server_label": "m", "connector_id": "connector_gmail"},
            {"authorization": None, "connector_id": "connector_gmail"},
        ),
        ({"type": "tool_search", "execution": "client"}, {"description": None, "parameters": None, "execution": "client"}),
        ({"type": "custom", "name": "sql"}, {"type": "custom", "description": None, "format": {"type": "text"}}),
    ],
)
def test_tools_are_echoed(client: Any, tool: Any, echoed: Any) -> None:
    """A response shows its tools as the service has completed them, and no secret."""
    response = client.responses.with_raw_response.create(**ASKED, tools=[tool]).http_response.json()
    assert {key: response["tools"][0][key] for key in echoed} == echoed
    assert "secret" not in str(response)


@pytest.mark.parametrize("path", ["responses", "conversations", "threads"])
@pytest.mark.parametrize(("body", "got"), [("[]", "an array"), ('"x"', "a string"), ("7", "an integer"), ("null", "null")])
@pytest.mark.usefixtures("backend")
def test_a_body_that_is_not_an_object(path: str, body: str, got: str) -> None:
    """A body that is not a JSON object is refused by what it is instead, and as a whole: no parameter is named."""
    headers = {"authorization": "Bearer x", "openai-beta": "assistants=v2", "content-type": "application/json"}
    answer = httpx.post(f"https://api.openai.com/v1/{path}", headers=headers, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "message": f"Invalid body: expected an object, but got {got} instead.",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_type",
    }
