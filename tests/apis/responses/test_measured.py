"""What the service refused when it was measured, in August 2026: one request a row, with the answer.

The source of all rows without another is kangminlee-maker/local-OAuth-CLI-API-adapter, whose author sent the same
requests to the service itself. [REP]
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import understudy
from understudy._apis.common.word_lists import edits, near_names

URL = "https://api.openai.com/v1"
LEFT_OUT = object()
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
IMAGE = {"type": "input_image"}
NO_INPUT = "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided."
NO_SAMPLING = "Unsupported parameter: '{}' is not supported with this model."
NO_LOGPROBS = "logprobs are not supported with reasoning models."
LOGPROBS = ["message.output_text.logprobs"]


def asked(url: str = f"{URL}/responses", method: str = "POST", **body: Any) -> tuple[int, Any]:
    """The status, and the error, of a request to a simulation that holds nothing."""
    sent = {key: value for key, value in body.items() if value is not LEFT_OUT}
    with understudy.simulate(strict=False) as backend:
        answer = httpx.request(method, url, headers={"authorization": "Bearer x"}, json=sent or None)
        assert backend.problems == []
    return answer.status_code, answer.json().get("error")


def refused(param: str | None, code: str | None, message: str, status: int = 400, **body: Any) -> None:
    """Check what a create is refused with."""
    got = asked(**{"model": "gpt-5.6-terra", "input": "ping", **body})
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    assert got == (status, error)


def message(role: str, *parts: Any, **more: Any) -> Any:
    """A message with these parts."""
    return {"role": role, "content": list(parts), **more}


@pytest.mark.parametrize(
    ("given", "close"),
    [
        ("sto", " Did you mean 'store'?"),
        ("stop", " Did you mean 'store'?"),
        ("stre", " Did you mean 'store' or 'stream'?"),
        ("strem", " Did you mean 'stream' or 'store'?"),
        ("tool", " Did you mean 'tools'?"),
        ("temperatur", " Did you mean 'temperature'?"),
        ("st", ""),
        ("inpu", ""),  # the key that it resembles was sent
        ("modell", ""),
        ("max_tokens", ""),
        ("n", ""),
        ("x" * 100_000, ""),
    ],
)
def test_a_misspelt_parameter(given: str, close: str) -> None:
    """An unknown parameter is refused with those that it is at most two edits away from, and that were not sent."""
    refused(given, "unknown_parameter", f"Unknown parameter: '{given}'.{close}", **{given: 1})


def test_what_is_near() -> None:
    """Edits are counted, the nearest name comes first, and names of other lengths are not even looked at."""
    assert [edits("", "abc"), edits("abc", "abc"), edits("strem", "store"), edits("kitten", "sitting")] == [3, 0, 2, 3]
    assert near_names("strem", ["store", "stream", "temperature"]) == ["stream", "store"]


@pytest.mark.parametrize(
    ("body", "param", "code", "text"),
    [
        ({"input": LEFT_OUT}, "input", "missing_required_parameter", "Missing required parameter: 'input'."),
        (
            {"input": LEFT_OUT, "zzz": 1, "previous_response_id": "resp_x"},
            "input",
            "missing_required_parameter",
            "Missing required parameter: 'input'.",
        ),
        (
            {"input": LEFT_OUT, "model": LEFT_OUT},
            "model",
            "missing_required_parameter",
            "Missing required parameter: 'model'.",
        ),
        ({"input": []}, None, "missing_required_parameter", NO_INPUT),
        ({"input": "", "temperature": 0.5}, None, "missing_required_parameter", NO_INPUT),
        (
            {"input": None},
            "input",
            "invalid_type",
            "Invalid type for 'input': expected a string, but got an object instead.",
        ),
        (
            {"model": None},
            "model",
            "invalid_type",
            "Invalid type for 'model': expected a string, but got an object instead.",
        ),
        ({"model": ""}, "model", "model_not_found", "The requested model '' does not exist."),
        (
            {"input": {"a": 1}},
            "input",
            "invalid_type",
            "Invalid type for 'input': expected one of a string or array of input items, but got an object instead.",
        ),
    ],
)
def test_no_input(body: Any, param: str | None, code: str, text: str) -> None:
    """An input that is missing, empty or null is refused in three different ways."""
    refused(param, code, text, **body)


@pytest.mark.parametrize(
    ("item", "place", "code", "text"),
    [
        (7, "", "invalid_type", "Invalid type for 'input[0]': expected an input item, but got an integer instead."),
        (None, "", "invalid_type", "Invalid type for 'input[0]': expected an input item, but got null instead."),
        (
            {},
            "",
            "invalid_value",
            "Invalid value: ''. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        ),
        (
            {"role": "bogus", "content": "x"},
            "",
            "invalid_value",
            "Invalid value: 'bogus'. Supported values are: 'assistant', 'system', 'developer', and 'user'.",
        ),
        ({"role": "user"}, ".content", "missing_required_parameter", "Missing required parameter: 'input[0].content'."),
        (
            {"role": "user", "content": "x", "phase": "final_answer"},
            ".phase",
            "unknown_parameter",
            "Unknown parameter: 'input[0].phase'.",
        ),
        (
            {"role": "assistant", "content": "x", "phase": "bogus"},
            ".phase",
            "invalid_value",
            "Invalid value: 'bogus'. Supported values are: 'commentary' and 'final_answer'.",
        ),
        (
            message("user", {"type": "output_text", "text": "x"}),
            ".content[0]",
            "invalid_value",
            (
                "Invalid value: 'output_text'. Supported values are: 'input_text', 'input_image', 'input_file', "
                "'scoped_content', and 'input_audio'."
            ),
        ),
        (
            message("assistant", {"type": "input_text", "text": "x"}),
            ".content[0]",
            "invalid_value",
            "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
        ),
    ],
)
def test_an_item(item: Any, place: str, code: str, text: str) -> None:
    """What an item lacks is said of the item, what is wrong with its keys of the key."""
    refused(f"input[0]{place}", code, text, input=[item])


@pytest.mark.parametrize("kind", ["bogus_item", 7])
def test_an_item_of_no_known_type(kind: Any) -> None:
    """The types of items are listed in alphabetical order; a type that is no string is the empty one."""
    status, error = asked(model="gpt-5.6-terra", input=[{"type": kind}])
    given = kind if kind == "bogus_item" else ""
    start = f"Invalid value: '{given}'. Supported values are: 'additional_tools', 'agent_message', 'apply_patch_call', "
    assert (status, error["param"], error["code"]) == (400, "input[0]", "invalid_value")
    assert error["message"].startswith(start)
    assert error["message"].endswith("'tool_search_call', 'tool_search_output', and 'web_search_call'.")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("truncation", {}, "one of 'auto' or 'disabled', but got an object"),
        ("service_tier", {}, "one of 'auto', 'default', 'fast', 'flex', or 'priority', but got an object"),
        ("prompt_cache_retention", {}, "one of 'in_memory' or '24h', but got an object"),
        ("tool_choice", 7, "one of an object or 'none', 'auto', or 'required', but got an integer"),
        ("tools", "x", "an array of tools, but got a string"),
        ("metadata", "x", "a metadata object, but got a string"),
        ("context_management", "x", "an array of objects, but got a string"),
        ("presence_penalty", "x", "a decimal, but got a string"),
        (
            "include",
            "x",
            (
                "an array of one of 'fil...lts', 'web...lts', 'web...ces', 'mes...url', 'com...url', 'cod...uts', "
                "'rea...ent', or 'mes...obs', but got a string"
            ),
        ),
    ],
)
def test_a_wrong_type(name: str, value: Any, expected: str) -> None:
    """A wrong type is refused with the words that were expected, long ones shortened."""
    refused(name, "invalid_type", f"Invalid type for '{name}': expected {expected} instead.", **{name: value})


@pytest.mark.parametrize(
    ("given", "param", "code", "text"),
    [
        (
            {"effort": "minimal"},
            "effort",
            "unsupported_value",
            (
                "Unsupported value: 'minimal' is not supported with the 'gpt-5.6-terra' model. Supported values are: "
                "'none', 'low', 'medium', 'high', 'xhigh', and 'max'."
            ),
        ),
        (
            {"effort": ["low"]},
            "effort",
            "invalid_type",
            (
                "Invalid type for 'reasoning.effort': expected one of one of 'none', 'minimal', 'low', 'medium', 'high', "
                "'xhigh', or 'max' or integer, but got an array instead."
            ),
        ),
        (
            {"effort": 5},
            "effort",
            "invalid_type",
            (
                "Invalid type for 'reasoning.effort': expected one of 'minimal', 'low', 'medium', or 'high', but got an "
                "integer instead."
            ),
        ),
        (
            {"summary": "bogus"},
            "summary",
            "invalid_value",
            "Invalid value: 'bogus'. Supported values are: 'concise', 'detailed', and 'auto'.",
        ),
        (
            {"generate_summary": "concise"},
            "generate_summary",
            "unknown_parameter",
            "Unknown parameter: 'reasoning.generate_summary'.",
        ),
    ],
)
def test_reasoning(given: Any, param: str, code: str, text: str) -> None:
    """Each value of `reasoning` is refused in the service's own words."""
    refused(f"reasoning.{param}", code, text, reasoning=given)


@pytest.mark.parametrize(
    ("body", "param", "text"),
    [
        *(({name: 0.5}, name, NO_SAMPLING.format(name)) for name in ("temperature", "top_p", "presence_penalty")),
        ({"frequency_penalty": 0.5, "top_logprobs": 1}, "frequency_penalty", NO_SAMPLING.format("frequency_penalty")),
        ({"top_p": 0.5, "temperature": 0.5}, "temperature", NO_SAMPLING.format("temperature")),
        ({"model": "gpt-5.4", "reasoning": {"effort": "high"}, "top_p": 0.5}, "top_p", NO_SAMPLING.format("top_p")),
    ],
)
def test_sampling_of_a_model_that_thinks(body: Any, param: str, text: str) -> None:
    """A model that thinks first takes no sampling parameters, and says so before it speaks of probabilities."""
    refused(param, None, text, **body)


@pytest.mark.parametrize(
    "body", [{"model": "gpt-5.4"}, {"model": "gpt-5.6", "reasoning": {"effort": "none"}}, {"model": "gpt-4o"}]
)
def test_sampling_of_a_model_that_does_not(body: Any) -> None:
    """Without thinking, the same model takes them. [REC for gpt-5.4, DOCS for the effort `none`]"""
    status, error = asked(input="ping", temperature=0.5, top_logprobs=1, presence_penalty=0.5, **body)
    assert (status, error) == (200, None)


def test_probabilities_of_a_model_that_thinks() -> None:
    """They are refused by whichever door; `include` is looked at first."""
    refused("include", "unsupported_parameter", NO_LOGPROBS, include=LOGPROBS, top_logprobs=1)
    refused("top_logprobs", "unsupported_parameter", NO_LOGPROBS, top_logprobs=1)


def test_the_order_of_checks() -> None:
    """All keys are checked before anything that the service holds, and that before what the model takes."""
    truncation = "Invalid value: 'bogus'. Supported values are: 'auto' and 'disabled'."
    gone = "Previous response with id 'resp_x' not found."
    refused("truncation", "invalid_value", truncation, previous_response_id="resp_x", truncation="bogus")
    refused("previous_response_id", "previous_response_not_found", gone, previous_response_id="resp_x", temperature=0.5)
    refused("previous_response_id", "previous_response_not_found", gone, previous_response_id="resp_x", input=[])
    unknown = "Conversation with id 'conv_x' not found."
    refused(None, None, unknown, status=404, conversation="conv_x", temperature=0.5)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("input", "tools"),
        ("tools", "metadata"),
        ("metadata", "text"),
        ("text", "temperature"),
        ("stream_options", "background"),
        ("truncation", "instructions"),
        ("instructions", "store"),
        ("top_logprobs", "context_management"),
    ],
)
def test_the_order_of_keys(first: str, second: str) -> None:
    """Of two wrong keys the service names the same one, in whatever order they were sent."""
    error = asked(**{"model": "gpt-4o", "input": "x", second: {"zzz": 1}, first: 7.5})[1]
    assert error["param"] == first


def test_where_a_cache_is_kept() -> None:
    """The newest models keep their cache for a day, and refuse to keep it in memory."""
    text = "This model is compatible only with 24h extended prompt caching"
    refused("prompt_cache_retention", "invalid_parameter", text, prompt_cache_retention="in_memory")
    assert asked(model="gpt-5.4-mini", input="x", prompt_cache_retention="in_memory")[0] == 200


def test_what_no_key_is() -> None:
    """Keys of the SDK, or of chat completions, that the service does not know are refused."""
    refused(
        "stream_options.include_usage",
        "unknown_parameter",
        "Unknown parameter: 'stream_options.include_usage'.",
        stream_options={"include_usage": True},
    )
    tiers = "'auto', 'default', 'fast', 'flex', and 'priority'"
    refused("service_tier", "invalid_value", f"Invalid value: 'scale'. Supported values are: {tiers}.", service_tier="scale")


@pytest.mark.parametrize(
    ("model", "allowed"),
    [("gpt-4o", False), ("o4-mini", False), ("gpt-5-codex", False), ("gpt-5.3-codex", True), ("gpt-5-mini", True)],
)
def test_verbosity(model: str, allowed: bool) -> None:
    """Only models from gpt-5 on are more or less verbose. [REP: enricoros/big-AGI#947, theopenco/llmgateway#2989]"""
    status, error = asked(model=model, input="x", text={"verbosity": "low"})
    text = f"Unsupported value: 'low' is not supported with the '{model}' model. Supported values are: 'medium'."
    assert (status, error and error["message"]) == ((200, None) if allowed else (400, text))
    assert asked(model=model, input="x", text={"verbosity": "medium"})[0] == 200


@pytest.mark.parametrize("given", ["low", None])
def test_verbosity_is_echoed(given: str | None) -> None:
    """A response says how verbose the model was: as requested, else medium."""
    with understudy.simulate(strict=False) as backend:
        text = {"verbosity": given} if given else {}
        response = backend.client().responses.create(model="gpt-5-mini", input="x", text=text)
        assert response.model_dump()["text"]["verbosity"] == (given or "medium")


def test_encrypted_reasoning_of_a_model_that_has_none() -> None:
    """A model that does not reason has nothing to encrypt. [REP: microsoft/agent-framework#7483]"""
    text = "Encrypted content is not supported with this model."
    refused("include", None, text, model="gpt-4.1", include=["reasoning.encrypted_content"])
    refused(
        "reasoning.summary",
        "unsupported_parameter",
        NO_SAMPLING.format("reasoning.summary"),
        model="gpt-4.1",
        reasoning={"summary": "auto"},
    )


def test_the_mode_for_json() -> None:
    """The mode for JSON needs the word in the input, or in what came before, not in instructions. [REP: pydantic-ai]"""
    form = {"format": {"type": "json_object"}}
    text = "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'."
    refused("input", None, text, text=form, instructions="Answer in JSON.")
    assert asked(model="gpt-4o", input=[message("developer", {"type": "input_text", "text": "JSON!"})], text=form)[0] == 200
    with understudy.simulate(strict=False) as backend:
        client = backend.client()
        first = client.responses.create(model="gpt-4o", input="Give me json.")
        later: Any = {"model": "gpt-4o", "input": "Go on.", "text": form}
        assert client.responses.create(previous_response_id=first.id, **later).status == "completed"
        conversation = backend.add_conversation(items=[{"role": "user", "content": "As JSON."}])
        assert client.responses.create(conversation=conversation.id, **later).status == "completed"


@pytest.mark.parametrize(
    ("tools", "choice", "text"),
    [
        ([], "required", "Tool choice 'required' must be specified with 'tools' parameter."),
        ([], {"type": "file_search"}, "Tool choice 'file_search' not found in 'tools' parameter."),
        ([FUNCTION], {"type": "function", "name": "g"}, "Tool choice 'g' not found in 'tools' parameter."),
        ([FUNCTION], {"type": "mcp", "server_label": "m"}, "Tool choice 'm' not found in 'tools' parameter."),
    ],
)
def test_the_choice_of_a_tool_that_is_not_there(tools: Any, choice: Any, text: str) -> None:
    """A tool has to be there to be chosen. [REP]"""
    refused("tool_choice", None, text, tools=tools, tool_choice=choice)


@pytest.mark.parametrize(
    ("tool", "choice"),
    [
        (FUNCTION, "required"),
        (FUNCTION, {"type": "function", "name": "f"}),
        ({"type": "web_search"}, {"type": "web_search_preview"}),  # [REC]
        ({"type": "mcp", "server_label": "m", "server_url": "https://example.com"}, {"type": "mcp", "server_label": "m"}),
        ({"type": "namespace", "name": "s", "description": "d", "tools": [FUNCTION]}, {"type": "function", "name": "f"}),
    ],
)
def test_the_choice_of_a_tool_that_is_there(tool: Any, choice: Any) -> None:
    """A tool is chosen by its name, its label, or its kind."""
    assert asked(model="gpt-5.4", input="x", tools=[tool], tool_choice=choice) == (200, None)


@pytest.mark.parametrize(
    ("body", "param", "text"),
    [
        ({"previous_response_id": "abc"}, "previous_response_id", "'abc'. Expected an ID that begins with 'resp'."),
        ({"conversation": "50370640246"}, "conversation", "'50370640246'. Expected an ID that begins with 'conv'."),
        (
            {"previous_response_id": "@results.ress"},
            "previous_response_id",
            (
                "'@results.ress'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value "
                "contained additional characters."
            ),
        ),
    ],
)
def test_an_id_of_another_kind(body: Any, param: str, text: str) -> None:
    """An id in a body is refused for its form. [REP: ProjectTech4DevAI/kaapi-backend#317 and others]"""
    refused(param, "invalid_value", f"Invalid '{param}': {text}", **body)


@pytest.mark.parametrize(
    ("path", "name", "prefix"), [("responses/x", "response_id", "resp"), ("conversations/x", "conversation_id", "conv")]
)
def test_an_id_of_another_kind_in_a_path(path: str, name: str, prefix: str) -> None:
    """An id in a path is refused for its form as well. [INF, as on the other API]"""
    text = f"Invalid '{name}': 'x'. Expected an ID that begins with '{prefix}'."
    assert asked(f"{URL}/{path}", "GET")[1]["message"] == text


@pytest.mark.parametrize(
    ("part", "key"),
    [
        (IMAGE, "image_url"),
        ({**IMAGE, "image_url": None, "file_id": None, "detail": "low"}, "image_url"),
        ({"type": "input_file", "filename": "a.pdf"}, "file_id"),
    ],
)
def test_an_image_or_a_file_without_a_source(part: Any, key: str) -> None:
    """A part of which there is nothing to show is refused by what it lacks. [INF]"""
    path = f"input[0].content[1].{key}"
    text = f"Missing required parameter: '{path}'."
    said = {"type": "input_text", "text": "What is this?"}
    refused(path, "missing_required_parameter", text, input=[message("user", said, part)])
    for kind in ("function_call_output", "custom_tool_call_output"):
        shown = {"type": kind, "call_id": "call_1", "output": [said, part]}
        path = f"input[0].output[1].{key}"
        refused(path, "missing_required_parameter", f"Missing required parameter: '{path}'.", input=[shown])


@pytest.mark.parametrize(
    ("part", "key", "text"),
    [
        ({**IMAGE, "file_id": "F0BG"}, "file_id", "Invalid '{}': 'F0BG'. Expected an ID that begins with 'file'."),
        *(
            (
                {**IMAGE, "image_url": url},
                "image_url",
                "Invalid '{}'. Expected a valid URL, but got a value with an invalid format.",
            )
            for url in ("file:///a.png", "/a.png")
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "aGk="},
            "file_data",
            (
                "Invalid file data: '{}'. Expected a base64-encoded data URL with a valid file MIME type (e.g. "
                "'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got a value without the 'data:' prefix. Please see "
                "https://platform.openai.com/docs/assistants/tools/file-search#supported-files for supported file types."
            ),
        ),
    ],
)
def test_an_image_or_a_file(part: Any, key: str, text: str) -> None:
    """What is shown to the model is a file's id, a URL on the web, or data. [REP, many]"""
    path = f"input[0].content[0].{key}"
    refused(path, "invalid_value", text.format(path), input=[message("user", part)])


@pytest.mark.parametrize(
    "body",
    [
        {"input": [message("user", {**IMAGE, "file_id": "file-gone"})]},
        {"input": [message("user", {"type": "input_file", "file_id": "file-gone"})]},
        {"input": "x", "tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-gone"]}}]},
        {"input": "x", "tools": [{"type": "image_generation", "input_image_mask": {"file_id": "file-gone"}}]},
    ],
)
def test_a_file_that_does_not_exist(body: Any) -> None:
    """Wherever a request names a file, the file has to exist; the sentence is a guess. [INF]"""
    refused(None, None, "No file found with id 'file-gone'.", status=404, **body)
    with understudy.simulate(strict=False) as backend:
        backend.add_file(id="file-gone")
        assert backend.client().responses.create(model="gpt-5.6-terra", **body).status == "completed"


def test_a_vector_store_that_does_not_exist() -> None:
    """A store that is searched has to exist. [REP]"""
    tool = {"type": "file_search", "vector_store_ids": ["vs_gone"]}
    refused(None, None, "Vector store with id ['vs_gone'] not found.", status=404, tools=[tool])


def test_what_is_echoed_only_if_it_was_sent() -> None:
    """The options of a cache are echoed as sent, behind its key; the penalties always."""
    with understudy.simulate(strict=False):
        answer = httpx.post(
            f"{URL}/responses",
            headers={"authorization": "Bearer x"},
            json={"model": "gpt-4o", "input": "x", "prompt_cache_options": {"ttl": "30m"}, "presence_penalty": 1},
        ).json()
        plain = httpx.post(f"{URL}/responses", headers={"authorization": "Bearer x"}, json={"model": "gpt-4o", "input": "x"})
    assert (answer["prompt_cache_options"], answer["presence_penalty"]) == ({"ttl": "30m"}, 1.0)
    keys = list(answer)
    assert keys[keys.index("prompt_cache_key") + 1] == "prompt_cache_options"
    assert "prompt_cache_options" not in plain.json()
