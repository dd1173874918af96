"""What the service says of itself and refuses on the Responses API, as its recordings and users' reports have it."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest
from openai.resources.responses import Responses

from understudy import CodeInterpreter, Fail, FunctionCall, Incomplete, Reply, ResponseItem, simulate

MODEL = "gpt-4o-mini"
URL = "https://api.openai.com/v1/responses"
MOVED = [
    ("messages", "input"),
    ("max_completion_tokens", "max_output_tokens"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
    ("verbosity", "text.verbosity"),
]


def refused(client: Any, **body: Any) -> Any:
    """The error that a create is answered with."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**{"model": MODEL, "input": "x", **body})
    return caught.value


@pytest.mark.skipif(not hasattr(Responses, "compact"), reason="this SDK is older than that operation")
def test_rate_limits_are_said_where_a_model_is_asked(client: Any) -> None:
    """The answers of create and compact say what is left of the rate limits, those of reads do not."""
    responses = client.responses.with_raw_response
    created = responses.create(model=MODEL, input="x")
    for answer in (created, responses.compact(model=MODEL, input="x")):
        said = {name for name in answer.headers if name.startswith("x-ratelimit-")}
        kinds = [f"{fact}-{of}" for fact in ("limit", "remaining", "reset") for of in ("requests", "tokens")]
        assert said == {f"x-ratelimit-{kind}" for kind in kinds}
    read = responses.retrieve(created.parse().id)
    assert not [name for name in read.headers if name.startswith("x-ratelimit-") or name == "openai-poll-after-ms"]


@pytest.mark.parametrize(
    ("model", "effort", "allowed"),
    [
        ("o4-mini", "minimal", "'low', 'medium', and 'high'"),
        ("gpt-5", "none", "'minimal', 'low', 'medium', and 'high'"),
        ("gpt-5.1", "minimal", "'none', 'low', 'medium', and 'high'"),
    ],
)
def test_an_effort_that_the_model_does_not_take(client: Any, model: str, effort: str, allowed: str) -> None:
    """An effort of other models is refused, with those that this one takes."""
    error = refused(client, model=model, reasoning={"effort": effort})
    expected = f"Unsupported value: '{effort}' is not supported with the '{model}' model. Supported values are: {allowed}."
    assert (error.body["message"], error.param, error.code) == (expected, "reasoning.effort", "unsupported_value")


def test_an_effort_of_a_model_that_does_not_think(client: Any) -> None:
    """A model that does not think first takes no effort, and says so; null is not given."""
    error = refused(client, model="gpt-4.1", reasoning={"effort": "low"})
    assert error.body["message"] == "Unsupported parameter: 'reasoning.effort' is not supported with this model."
    assert error.code == "unsupported_parameter"
    assert client.responses.create(model="gpt-4.1", input="x", reasoning={"effort": None}).status == "completed"


def test_an_input_that_the_model_cannot_read(client: Any) -> None:
    """An input beyond the context window is refused, unless it may be truncated; an image's bytes are not counted."""
    text = "word " * 30_000
    error = refused(client, model="gpt-4", input=text)
    assert (error.param, error.code) == ("input", "context_length_exceeded")
    assert error.body["message"].startswith("Your input exceeds the context window of this model.")
    assert client.responses.create(model="gpt-4", input=text, truncation="auto").status == "completed"
    assert client.responses.create(model="gpt-4.1", input=text).status == "completed"
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{'A' * 100_000}"}
    assert client.responses.create(model="gpt-4", input=[{"role": "user", "content": [image]}]).status == "completed"


@pytest.mark.parametrize(("name", "meant"), MOVED)
def test_a_parameter_of_chat_completions(client: Any, name: str, meant: str) -> None:
    """A parameter that has another name here is refused with that name."""
    error = refused(client, extra_body={name: "x"})
    start = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{meant}'."
    assert error.body["message"].startswith(start)
    assert (error.param, error.code) == (None, "unsupported_parameter")


def test_no_json() -> None:
    """A body that is not JSON is refused in this API's words."""
    with simulate():
        answer = httpx.post(URL, headers={"authorization": "Bearer x"}, content=b"{bad")
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, None, "invalid_json")
    assert error["message"].startswith("Invalid body: failed to parse JSON value. ")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"type": "message", "id": "item_1", "role": "user", "content": "x"}, "Expected an ID that begins with 'msg'."),
        ({"type": "reasoning", "id": "msg_1", "summary": []}, "Expected an ID that begins with 'rs'."),
        (
            {"type": "function_call", "id": "ctc_1", "call_id": "c", "name": "f", "arguments": "{}"},
            "Expected an ID that begins with 'fc'.",
        ),
        (
            {"type": "reasoning", "id": "", "summary": []},
            (
                "Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional "
                "characters."
            ),
        ),
        ({"type": "reasoning", "id": f"rs_{'x' * 62}", "summary": []}, "maximum length 64, but got a string with length 65"),
    ],
)
def test_the_id_of_an_item(client: Any, item: Any, message: str) -> None:
    """The id of an item that is sent has this API's form: its beginning, its characters, its length."""
    error = refused(client, input=[item])
    assert message in error.body["message"]
    assert error.param == "input[0].id"
    assert error.body["message"].startswith("Invalid 'input[0].id': ")


def test_an_assistants_message(client: Any) -> None:
    """A message of the assistant that is sent back has the parts that a model writes, and no others."""
    message = {"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}
    error = refused(client, input=[message])
    assert error.body["message"] == "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'."
    assert (error.param, error.code) == ("input[0].content[0]", "invalid_value")


def test_a_count_of_an_unknown_model(client: Any) -> None:
    """Tokens are not counted for a model that does not exist."""
    answer = client.post("/responses/input_tokens", cast_to=httpx.Response, body={"model": MODEL, "input": "x"})
    assert answer.json()["object"] == "response.input_tokens"
    with pytest.raises(openai.BadRequestError, match="The requested model 'gpt-99' does not exist"):
        client.post("/responses/input_tokens", cast_to=httpx.Response, body={"model": "gpt-99", "input": "x"})


FUNCTIONS = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]


@pytest.mark.parametrize(
    "script",
    [
        (Reply("Hello there"),),
        ([FunctionCall("f"), FunctionCall("f")], Reply("x")),
        (Reply("half"), Incomplete("max_output_tokens")),
        (Fail("server_error", "Bad."),),
        (CodeInterpreter("print(1)", logs="1\n"), Reply("1")),
        (ResponseItem({"type": "web_search_call", "action": {"type": "search", "query": "q"}}), Reply("x")),
        (ResponseItem({"type": "custom_tool_call", "call_id": "call_1", "name": "k", "input": "abc"}),),
        (ResponseItem({"type": "mcp_call", "name": "t", "arguments": "{}", "server_label": "m", "output": "x"}), Reply("x")),
        (ResponseItem({"type": "image_generation_call", "status": "completed", "result": "AAAA"}), Reply("x")),
    ],
)
def test_what_a_stream_ends_with(script: Any) -> None:
    """The last event of a stream has the response that `retrieve` gives, key by key, but for `billing`."""
    tools = [
        *FUNCTIONS,
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "web_search"},
        {"type": "custom", "name": "k"},
        {"type": "mcp", "server_label": "m", "server_url": "https://example.com/mcp"},
        {"type": "image_generation"},
    ]
    with simulate(script=script) as backend:
        client: Any = backend.client()
        events = list(client.responses.create(model=MODEL, input="x", tools=tools, stream=True))
        streamed, kept = events[-1].response.to_dict(), client.responses.retrieve(events[-1].response.id).to_dict()
    assert kept.pop("billing") == {"payer": "developer"}
    assert streamed == kept


def test_the_tier_that_was_used(client: Any) -> None:
    """The service tier that is echoed is the one that was used."""
    tiers = [
        client.responses.create(model=MODEL, input="x", service_tier=tier).service_tier for tier in ("auto", "flex", "fast")
    ]
    assert tiers == ["default", "flex", "priority"]


def test_the_tier_while_a_response_runs(client: Any) -> None:
    """Until it has ended, a response echoes the tier that was asked for, `auto` if none was."""
    tiers: tuple[dict[str, Any], ...] = ({}, {"service_tier": "flex"})
    running = [client.responses.create(model=MODEL, input="x", background=True, **tier) for tier in tiers]
    assert [response.service_tier for response in running] == ["auto", "flex"]


def test_a_prompt_needs_no_model(client: Any) -> None:
    """A request with `prompt=` is said to be not simulated, whether it names a model or not."""
    with simulate(strict=False) as backend:
        answer = httpx.post(URL, headers={"authorization": "Bearer x"}, json={"prompt": {"id": "pmpt_1"}})
        assert answer.status_code == 501
        assert "prompt= of responses.create is not simulated" in answer.json()["error"]["message"]
        backend.problems.clear()


def test_tools_are_checked_to_the_last_key(client: Any) -> None:
    """A key that a tool does not have is refused by its place, whoever performs the tool."""
    for tool in ({"type": "web_search"}, {"type": "mcp", "server_label": "m", "server_url": "https://a"}, {"type": "shell"}):
        error = refused(client, tools=[{**tool, "zzz": 1}])
        assert (error.code, error.param) == ("unknown_parameter", "tools[0].zzz")


def test_a_call_given_back_shows_what_it_lacks_as_null(client: Any) -> None:
    """Calls of the service's own tools, put into a conversation, are listed with null for what was not given."""
    conversation = client.conversations.create(items=[{"type": "file_search_call", "id": "fs_1", "queries": ["q"]}])
    (item,) = client.conversations.items.list(conversation.id)
    assert item.model_dump(exclude_unset=True)["results"] is None
