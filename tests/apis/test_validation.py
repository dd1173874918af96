"""What the service refuses, and in which words. The texts are quoted in full: they are what apps match on."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests import observed_spec
from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response

HEADERS = (("authorization", "Bearer x"), ("openai-beta", "assistants=v2"), ("content-type", "application/json"))
MIGRATE = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."


def ask(backend: Backend, method: str, path: str, body: Any = None, headers: Any = HEADERS) -> tuple[int, Any]:
    """Send a request and give the status and the JSON of its answer."""
    sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = backend.handle(Request(method, f"https://api.openai.com/v1{path}", headers, sent))
    assert isinstance(answer, Response)
    return answer.status, json.loads(answer.body)


def error(message: str, param: str | None, code: str | None) -> Any:
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


SCHEMA = {"type": "json_schema", "json_schema": {"name": "x"}}
LONG = {"name": "x" * 257}
WRONG_BODIES: list[tuple[str, Any, str, str | None, str | None]] = [
    ("/assistants", {}, "Missing required parameter: 'model'.", "model", "missing_required_parameter"),
    (
        "/assistants",
        {"model": "gpt-4o", "file_ids": []},
        "Unknown parameter: 'file_ids'.",
        "file_ids",
        "unknown_parameter",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "name": "x" * 257},
        (
            "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with length 257 "
            "instead."
        ),
        "name",
        "string_above_max_length",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "tools": [{"type": "code_interpreter"}] * 129},
        (
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 "
            "instead."
        ),
        "tools",
        "array_above_max_length",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "tools": [{"type": "retrieval"}]},
        "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
        "tools[0].type",
        "invalid_value",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "temperature": 3},
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.",
        "temperature",
        "decimal_above_max_value",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "metadata": {"modified": True}},
        "Invalid type for 'metadata.modified': expected a string, but got a boolean instead.",
        "metadata.modified",
        "invalid_type",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "metadata": {str(n): "" for n in range(17)}},
        (
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with "
            "17 properties instead."
        ),
        "metadata",
        "object_above_max_properties",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "tool_resources": {"file_search": {"vector_store_ids": "vs_1"}}},
        (
            "Invalid type for 'tool_resources.file_search.vector_store_ids': expected an array of strings, but got a string "
            "instead."
        ),
        "tool_resources.file_search.vector_store_ids",
        "invalid_type",
    ),
    (
        "/assistants",
        {"model": "text-embedding-3-small"},
        "The requested model 'text-embedding-3-small' cannot be used with the Assistants API.",
        "model",
        "unsupported_model",
    ),
    (
        "/assistants",
        {"model": "o3-mini", "temperature": 0.5},
        "Unsupported parameter: 'temperature' is not supported with this model.",
        "temperature",
        "unsupported_parameter",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "tools": [{"type": "file_search"}], "response_format": SCHEMA},
        "Invalid tools: all tools must be of type `function` when `response_format` is of type `json_schema`.",
        None,
        None,
    ),
    (
        "/threads",
        {"messages": [{"role": "user", "content": "x", "file_ids": []}]},
        "Unknown parameter: 'messages[0].file_ids'.",
        "messages[0].file_ids",
        "unknown_parameter",
    ),
    (
        "/threads/runs",
        {"assistant_id": "undefined"},
        "Invalid 'assistant_id': 'undefined'. Expected an ID that begins with 'asst'.",
        "assistant_id",
        "invalid_value",
    ),
    (
        "/threads/runs",
        {"assistant_id": "asst_no"},
        "No assistant found with id 'asst_no'.",
        None,
        None,
    ),
    (
        "/threads/undefined/messages",
        {"role": "user", "content": "x"},
        "Invalid 'thread_id': 'undefined'. Expected an ID that begins with 'thread'.",
        "thread_id",
        "invalid_value",
    ),
    ("/threads/thread_no/messages", {"role": "user", "content": "x"}, "No thread found with id 'thread_no'.", None, None),
    (
        "/vector_stores/undefined/search",
        {"query": "x"},
        "Invalid 'vector_store_id': 'undefined'. Expected an ID that begins with 'vs'.",
        "vector_store_id",
        "invalid_value",
    ),
    (
        "/threads/runs",
        {"assistant_id": 5},
        "Invalid type for 'assistant_id': expected a string, but got an integer instead.",
        "assistant_id",
        "invalid_type",
    ),
    (
        "/threads",
        {"messages": [{"role": None, "content": "x"}]},
        "Invalid type for 'messages[0].role': expected one of 'user' or 'assistant', but got null instead.",
        "messages[0].role",
        "invalid_type",
    ),
    (
        "/vector_stores",
        {"expires_after": {"anchor": 1, "days": 1}},
        "Invalid type for 'expires_after.anchor': expected 'last_active_at', but got an integer instead.",
        "expires_after.anchor",
        "invalid_type",
    ),
    (
        "/threads",
        {"messages": [{"role": "user", "content": {}}]},
        "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an object instead.",
        "messages[0].content",
        "invalid_type",
    ),
    (
        "/assistants",
        {"model": "gpt-4o", "tools": ["file_search"]},
        "Invalid type for 'tools[0]': expected an object, but got a string instead.",
        "tools[0]",
        "invalid_type",
    ),
    (
        "/threads",
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 5}}]}]},
        "Invalid type for 'messages[0].content[0].image_url.url': expected a string, but got an integer instead.",
        "messages[0].content[0].image_url.url",
        "invalid_type",
    ),
    (
        "/threads",
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "cat.png"}}]}]},
        ("Invalid 'messages[0].content[0].image_url.url'. Expected a valid URL, but got a value with an invalid format."),
        "messages[0].content[0].image_url.url",
        "invalid_value",
    ),
    (
        "/threads",
        {"metadata": ["a"]},
        "Invalid type for 'metadata': expected a metadata object, but got an array instead.",
        "metadata",
        "invalid_type",
    ),
    (
        "/threads",
        {"metadata": {"k" * 65: "x"}},
        (
            "Invalid 'metadata': string too long. Expected a string with maximum length 64, but got a string with length 65 "
            "instead."
        ),
        "metadata",
        "string_above_max_length",
    ),
    (
        "/vector_stores",
        {"expires_after": {"anchor": "last_active_at", "days": 366}},
        "Invalid 'expires_after.days': integer above maximum value. Expected a value <= 365, but got 366 instead.",
        "expires_after.days",
        "integer_above_max_value",
    ),
]


@pytest.mark.parametrize(("path", "body", "message", "param", "code"), WRONG_BODIES)
def test_a_wrong_body_is_refused_in_the_services_words(
    backend: Backend, path: str, body: Any, message: str, param: str | None, code: str | None
) -> None:
    """Message, param and code are those known of the real service, and nothing was made."""
    status, answer = ask(backend, "POST", path, body)
    assert answer == error(message, param, code)
    assert status == (404 if message.startswith("No ") else 400)
    assert backend.threads == backend.vector_stores == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"model": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}'])
def test_what_is_not_json_is_refused(backend: Backend, body: bytes) -> None:
    """A body that cannot be parsed is 400, however it is broken."""
    status, answer = ask(backend, "POST", "/assistants", body)
    assert status == 400
    assert answer["error"]["message"].startswith("We could not parse the JSON body of your request.")


def test_another_content_type_is_refused(backend: Backend) -> None:
    """A JSON operation takes JSON only."""
    headers = (*HEADERS[:2], ("content-type", "text/plain"))
    status, answer = ask(backend, "POST", "/threads", b"{}", headers)
    assert (status, answer["error"]["code"]) == (400, "unsupported_content_type")


def test_the_body_comes_before_the_state(backend: Backend, client: Any) -> None:
    """A wrong body is told before the object is looked for, as recorded."""
    assert ask(backend, "POST", "/threads/thread_no", {"x": 1})[1]["error"]["code"] == "unknown_parameter"
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "x"}])
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    with pytest.raises(openai.BadRequestError, match=r"Invalid type for 'metadata.modified'"):
        client.beta.threads.runs.update(run.id, thread_id=thread.id, metadata={"modified": True})
    with pytest.raises(openai.BadRequestError, match="Cannot update run with status 'queued'"):
        client.beta.threads.runs.update(run.id, thread_id=thread.id, metadata={"modified": "x"})


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        (
            "limit=101",
            ("Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead."),
            "integer_above_max_value",
        ),
        (
            "limit=0",
            ("Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead."),
            "integer_below_min_value",
        ),
        ("limit=many", "Invalid type for 'limit': expected an integer, but got a string instead.", "invalid_type"),
        ("order=up", "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.", "invalid_value"),
        ("colour=red", "Unknown parameter: 'colour'.", "unknown_parameter"),
    ],
)
def test_a_wrong_query_is_refused(backend: Backend, query: str, message: str, code: str) -> None:
    """Lists check what they are asked."""
    status, answer = ask(backend, "GET", f"/assistants?{query}")
    assert (status, answer["error"]["message"], answer["error"]["code"]) == (400, message, code)


def test_a_refused_request_can_be_made_right(client: Any) -> None:
    """What was refused left nothing behind: the same request, put right, works."""
    with pytest.raises(openai.BadRequestError):
        client.beta.assistants.create(model="gpt-4o", **LONG)
    assert client.beta.assistants.create(model="gpt-4o", name="x").name == "x"


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer  ", "Token x", ""])
def test_without_a_key_everything_is_401(backend: Backend, header: str | None) -> None:
    """A missing or empty key is 401 with the real text, a challenge, and no account's name."""
    headers = () if header is None else (("authorization", header),)
    answer = backend.handle(Request("GET", "https://api.openai.com/v1/models", headers))
    assert isinstance(answer, Response)
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["message"].startswith("You didn't provide an API key.")
    names = dict(answer.headers)
    assert names["www-authenticate"] == 'Bearer realm="OpenAI API"'
    assert "openai-organization" not in names


@pytest.mark.parametrize("header", [("authorization", "Bearer any"), ("api-key", "azure")])
def test_any_key_will_do(backend: Backend, header: tuple[str, str]) -> None:
    """A bearer token or Azure's api-key, whatever it says."""
    assert ask(backend, "GET", "/models", headers=(header,))[0] == 200


def test_the_beta_header_is_demanded_where_it_was(backend: Backend) -> None:
    """Assistants and threads want `OpenAI-Beta: assistants=v2`; vector stores and files never did."""
    key = HEADERS[:1]
    message = f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {MIGRATE}"
    assert ask(backend, "GET", "/assistants", headers=key) == (400, error(message, None, "invalid_beta"))
    old = (*key, ("openai-beta", "assistants=v1"))
    message = (
        f"The v1 Assistants API has been deprecated. {MIGRATE} See the migration guide for more information: "
        "https://platform.openai.com/docs/assistants/migration."
    )
    assert ask(backend, "GET", "/assistants", headers=old) == (400, error(message, None, "invalid_beta"))
    for path in ("/vector_stores", "/files", "/models"):
        assert ask(backend, "GET", path, headers=key)[0] == 200


def test_azure_names_its_deployments_as_it_likes(backend: Backend) -> None:
    """An Azure client works: its prefix, api-version and api-key, and deployments instead of models."""
    with openai.AzureOpenAI(
        azure_endpoint="https://me.openai.azure.com", api_key="k", api_version="2024-05-01-preview"
    ) as azure:
        assistant = azure.beta.assistants.create(model="my-deployment", instructions="x")
        run = azure.beta.threads.create_and_run_poll(assistant_id=assistant.id)
        assert (run.status, run.model) == ("completed", "my-deployment")
        file = azure.files.create(file=("a.txt", b"x"), purpose="assistants")
        assert azure.vector_stores.create(file_ids=[file.id]).status == "in_progress"
    assert {request.path for request in backend.requests} >= {"/assistants", "/threads/runs", "/files", "/vector_stores"}


def test_headers_are_those_recorded(client: Any) -> None:
    """Every answer says when, how fast, for whom and under which id; ids of requests differ."""
    heads = [client.files.with_raw_response.list().headers for _ in range(2)]
    for name in ("date", "openai-version", "openai-organization", "openai-project", "openai-processing-ms"):
        assert heads[0][name]
    assert heads[0]["content-type"] == "application/json"
    assert heads[0]["x-request-id"] != heads[1]["x-request-id"]
    assert not [name for name in heads[0] if name.startswith("x-ratelimit")]


def test_what_these_tests_see_is_validated(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer in this folder is compared with its schema of the specification."""
    schemas: list[str] = []
    monkeypatch.setattr(observed_spec, "check", lambda value, schema: schemas.append(schema))
    client.models.list()
    client.beta.threads.create()
    assert schemas == ["ListModelsResponse", "ThreadObject"]


def test_bodies_are_pretty_printed(client: Any) -> None:
    """JSON is indented by two spaces, and characters are left as they are."""
    raw = client.vector_stores.with_raw_response.create(name="ä").http_response.content.decode()
    assert raw == json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    assert '"ä"' in raw


def test_whatever_json_holds_is_pretty_printed(backend: Any) -> None:
    """Values of every kind are printed like that, in lists, too; a tuple that the test sets is a list."""
    values = [None, True, False, 1, 1.5, "ä", [], {}, [[]], {"a": []}]
    parameters = {"type": "object", "properties": {"a": {"enum": values}, "b": {"enum": (1, None)}}}
    made = backend.add_assistant(tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    raw = backend.client().beta.assistants.with_raw_response.retrieve(made.id).http_response.json()
    shown = raw["tools"][0]["function"]["parameters"]["properties"]
    assert shown == {"a": {"enum": values}, "b": {"enum": [1, None]}}
