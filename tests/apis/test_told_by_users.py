"""What users reported of the real service, kind by kind: near names, kept resources, reasoning models, Azure, paths."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

import understudy as understudy_module
from understudy._backend.backend import Backend
from understudy._common.messages import Request

from .test_limits import HEADERS

API = "https://api.openai.com/v1"
AZURE = "https://me.openai.azure.com/openai"


def post(path: str, body: Any) -> Any:
    """The error that a body is refused with."""
    answer = httpx.post(f"{API}{path}", headers=HEADERS, json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/assistants", {"modle": "gpt-4o"}, "'model'. You provided 'modle', did you mean to provide 'model'?"),
        (
            "/threads",
            {"messages": [{"role": "user", "contents": "x"}]},
            "'messages[0].content'. You provided 'contents', did you mean to provide 'content'?",
        ),
        (
            "/threads",
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"urls": "x"}}]}]},
            "'messages[0].content[0].image_url.url'. You provided 'urls', did you mean to provide 'url'?",
        ),
        ("/assistants", {"colour": "red"}, "'model'."),
    ],
)
def test_a_missing_key_comes_first_with_the_near_name(backend: Backend, path: str, body: Any, message: str) -> None:
    """A misspelt key is a missing one, and the name given for it is in the sentence when it is like it."""
    error = post(path, body)
    assert error["message"] == f"Missing required parameter: {message}"
    assert (error["param"], error["code"]) == (message.split("'")[1], "missing_required_parameter")


def test_a_misspelt_optional_key_is_unknown(backend: Backend) -> None:
    """Without anything missing, a key that no one knows is refused by its name."""
    assert post("/threads", {"metdata": {}})["message"] == "Unknown parameter: 'metdata'."


def test_resources_are_kept_while_their_tool_is_off(backend: Backend, client: Any) -> None:
    """What was sent is echoed, tool or not, and is there when the tool is turned on; a tool's empty list goes with it."""
    file, store = backend.add_file(filename="a.txt").id, backend.add_vector_store().id
    given = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    assistants = client.beta.assistants
    assistant = assistants.create(model="gpt-4o", tool_resources=given)
    assert assistant.tool_resources.to_dict() == given
    on = assistants.update(assistant.id, tools=[{"type": "file_search"}])
    assert on.tool_resources.to_dict() == given
    assert assistants.update(assistant.id, tools=[]).tool_resources.to_dict() == given
    plain = assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}])
    assert plain.tool_resources.to_dict() == {"code_interpreter": {"file_ids": []}}
    assert assistants.update(plain.id, tools=[]).tool_resources.to_dict() == {}


def test_resources_may_come_before_the_tool(backend: Backend, client: Any) -> None:
    """As langroid does it: resources first, the tool afterwards; a run finds them."""
    store = backend.add_vector_store(file_ids=[backend.add_file(filename="a.txt", content="tea").id]).id
    assistants = client.beta.assistants
    assistant = assistants.create(model="gpt-4o", instructions="x")
    assistants.update(assistant.id, tool_resources={"file_search": {"vector_store_ids": [store]}})
    assistants.update(assistant.id, tools=[{"type": "file_search"}])
    found = assistants.retrieve(assistant.id).tool_resources
    assert found.file_search.vector_store_ids == [store]


def test_a_reasoning_model_takes_no_sampling_settings(backend: Backend, client: Any) -> None:
    """Sent or kept, in a new assistant, an update and a run; its own assistants have none and run as they are."""
    assistants, runs = client.beta.assistants, client.beta.threads.runs
    usual = assistants.create(model="gpt-4o", instructions="x")
    thread = client.beta.threads.create()
    for param, act in (
        ("temperature", lambda: assistants.create(model="o3-mini", temperature=1)),
        ("top_p", lambda: assistants.create(model="gpt-5", top_p=0.5)),
        ("model", lambda: assistants.update(usual.id, model="o1")),
        ("model", lambda: runs.create(thread.id, assistant_id=usual.id, model="o3-mini")),
        ("temperature", lambda: runs.create(thread.id, assistant_id=usual.id, model="o3-mini", temperature=1)),
    ):
        with pytest.raises(openai.BadRequestError, match="is not supported with this model") as caught:
            act()
        assert caught.value.param == param
    reasoning = assistants.create(model="o3-mini", instructions="x")
    assert (reasoning.temperature, reasoning.top_p) == (None, None)
    run = runs.create_and_poll(thread_id=thread.id, assistant_id=reasoning.id)
    assert (run.status, run.temperature, run.top_p) == ("completed", None, None)
    back = runs.create_and_poll(thread_id=thread.id, assistant_id=reasoning.id, model="gpt-4o")
    assert (back.temperature, back.top_p) == (1.0, 1.0)
    assert assistants.update(reasoning.id, model="gpt-4o").temperature == 1.0


def test_other_models_take_no_effort(client: Any) -> None:
    """Models that do not reason refuse an effort; null is none. [openai-python#2112, openai-php/client#518]"""
    assistants = client.beta.assistants
    usual, thread = assistants.create(model="gpt-4o", instructions="x"), client.beta.threads.create()
    for act in (
        lambda: assistants.create(model="gpt-4o", reasoning_effort="medium"),
        lambda: assistants.update(usual.id, reasoning_effort="medium"),
        lambda: client.beta.threads.runs.create(thread.id, assistant_id=usual.id, reasoning_effort="medium"),
    ):
        with pytest.raises(openai.BadRequestError, match="'reasoning_effort' does not support 'medium'") as caught:
            act()
        assert (caught.value.param, caught.value.code) == (None, "unsupported_value")
    assert assistants.update(usual.id, reasoning_effort=None).reasoning_effort is None
    assert assistants.create(model="o3-mini", reasoning_effort="low").reasoning_effort == "low"


@pytest.mark.parametrize(
    ("strict", "parameters", "what"),
    [
        (None, {"properties": {}}, """schema must be a JSON Schema of 'type: "object"', got 'type: "None"'."""),
        (
            None,
            {"type": "object", "properties": {"tags": {"type": "array"}}},
            "In context=('properties', 'tags'), array schema missing items.",
        ),
        (
            True,
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            "In context=(), 'additionalProperties' is required to be supplied and to be false.",
        ),
        (
            True,
            {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
            (
                "In context=(), 'required' is required to be supplied and to be an array including every key in properties. "
                "Missing 'a'."
            ),
        ),
    ],
)
def test_the_schema_of_a_function(backend: Backend, strict: bool | None, parameters: Any, what: str) -> None:
    """Parameters are the schema of an object, its arrays say of what, and a strict one is strict."""
    function = {"name": "look_up", "parameters": parameters, "strict": strict}
    error = post("/assistants", {"model": "gpt-4o", "tools": [{"type": "function", "function": function}]})
    assert error["message"] == f"Invalid schema for function 'look_up': {what}"
    assert error["param"] == "tools[0].function.parameters"


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object", "properties": {"a": {"anyOf": [{"type": "string"}]}}}])
def test_parameters_that_are_taken(client: Any, parameters: Any) -> None:
    """A function may have none."""
    function = {"name": "look_up", "parameters": parameters}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "function", "function": function}])
    assert assistant.tools[0].function.name == "look_up"


@pytest.mark.parametrize(
    ("purpose", "name", "is_taken"),
    [
        ("assistants", "module.vb", False),
        ("assistants", "NOTES.TXT", True),
        ("assistants", "no extension", True),
        ("vision", "notes.txt", False),
        ("vision", "cat.png", True),
        ("batch", "lines.csv", False),
        ("fine-tune", "local.path", True),
        ("user_data", "any.thing", True),
    ],
)
def test_extensions_by_purpose(client: Any, purpose: Any, name: str, is_taken: bool) -> None:
    """A file that its purpose has no use for is refused at the door; so is the upload that announces it."""
    if is_taken:
        assert client.files.create(file=(name, b"x"), purpose=purpose).filename == name
        return
    with pytest.raises(openai.BadRequestError, match=f"Invalid extension {name.rpartition('.')[2]}. Supported formats: "):
        client.files.create(file=(name, b"x"), purpose=purpose)
    with pytest.raises(openai.BadRequestError, match=r"Invalid extension"):
        client.uploads.create(filename=name, purpose=purpose, bytes=1, mime_type="text/plain")


def test_outputs_are_small_together(backend: Backend, client: Any) -> None:
    """Tool outputs that are each small enough may be too large together."""
    assistant = backend.add_assistant(tools=[{"type": "function", "function": {"name": "read"}}], instructions="x")
    backend.next_run([understudy_module.FunctionCall("read")] * 2, understudy_module.Reply("x"))
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id)
    calls = run.required_action.submit_tool_outputs.tool_calls
    submit = client.beta.threads.runs.submit_tool_outputs
    large = [{"tool_call_id": call.id, "output": "x" * (256 * 1024)} for call in calls]
    with pytest.raises(openai.BadRequestError) as caught:
        submit(run.id, thread_id=run.thread_id, tool_outputs=large)
    assert caught.value.body == {
        "message": "'tool_outputs' too large: the combined tool outputs must be less than 512kb.",
        "type": "invalid_request_error",
        "param": "tool_outputs",
        "code": "invalid_value",
    }
    assert submit(run.id, thread_id=run.thread_id, tool_outputs=[output | {"output": "x"} for output in large]).id


def test_a_seeded_thread_may_hold_more_than_it_is_created_with(backend: Backend) -> None:
    """The limit of 32 messages is that of the request, not of a thread."""
    thread = backend.add_thread(messages=[str(number) for number in range(40)])
    assert len(backend.messages(thread.id)) == 40


def test_azure_needs_no_beta_header(backend: Backend) -> None:
    """A path of Azure, or its `api-version`, is enough; its gate refuses in an envelope of its own."""
    key, version = {"api-key": "k"}, {"api-version": "2024-05-01-preview"}
    assert httpx.get(f"{AZURE}/assistants", params=version, headers=key).status_code == 200
    project = "https://me.services.ai.azure.com/api/projects/p/threads?api-version=v1"
    assert backend.handle(Request("POST", project, (("authorization", "Bearer x"),))).status == 200  # type: ignore[union-attr]
    refused = httpx.get(f"{AZURE}/assistants", params=version)
    assert (refused.status_code, set(refused.json()["error"])) == (401, {"code", "message"})
    assert refused.json()["error"]["code"] == "401"
    missing = httpx.get(f"{AZURE}/assistants/asst_1", params=version, headers=key)
    assert missing.json()["error"]["message"] == "No assistant found with id 'asst_1'."


def test_a_trailing_slash_is_redirected(backend: Backend, client: Any) -> None:
    """307 to the path without it, with no body and no type; a client that follows gets there, whatever the method."""
    thread = backend.add_thread(messages=["x"])
    answer = httpx.get(f"{API}/threads/{thread.id}/runs/?limit=2", headers=HEADERS)
    assert (answer.status_code, answer.content) == (307, b"")
    assert answer.headers["location"] == f"{API}/threads/{thread.id}/runs?limit=2"
    assert "content-type" not in answer.headers
    made = httpx.post(f"{API}/assistants/", headers=HEADERS, json={"model": "gpt-4o"}, follow_redirects=True)
    assert made.json()["object"] == "assistant"
    assert client.get(f"/threads/{thread.id}/messages/", cast_to=object, options={"headers": HEADERS})["object"] == "list"


def test_a_path_of_no_api_is_404_over_http_only() -> None:
    """A server answers it as the service does; in a test it stays our 501, and so does another API of the service."""
    headers, served = {"authorization": "Bearer x"}, Backend(strict=False)
    served.over_http()
    for path, status in (("/v1/nothing", 404), ("/", 404), ("/v1/threads/a/b/c/d/e", 404), ("/v1/embeddings", 501)):
        request = Request("GET", f"https://api.openai.com{path}", tuple(headers.items()))
        assert served.handle(request).status == status
        assert Backend(strict=False).handle(request).status == 501
    assert len(served.problems) == 1
    request = Request("GET", f"{API}/nothing")
    assert b'"message": "Invalid URL (GET /v1/nothing)"' in served.handle(request).body
    azure = Request("GET", f"{AZURE}/nothing", (("api-key", "k"),))
    assert b'"code": "404"' in served.handle(azure).body


def test_what_was_just_made_is_not_found_for_a_while(backend: Backend, client: Any) -> None:
    """`NotFound` answers as if the object that the path names did not exist, in the service's words, so many times."""
    file, store = backend.add_file(filename="a.txt"), backend.add_vector_store()
    files, threads = client.vector_stores.files, client.beta.threads
    backend.fault(understudy_module.NotFound(), on="vector_stores.files.retrieve", times=2)
    files.create(store.id, file_id=file.id)
    for _ in range(2):
        with pytest.raises(openai.NotFoundError, match=f"No file found with id '{file.id}' in vector store '{store.id}'."):
            files.retrieve(file.id, vector_store_id=store.id)
    assert files.retrieve(file.id, vector_store_id=store.id).id == file.id
    backend.fault(understudy_module.NotFound())
    thread = threads.create()  # names nothing that could be missing
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread.id}'."):
        threads.retrieve(thread.id)
    with pytest.raises(ValueError, match="names no object"):
        backend.fault(understudy_module.NotFound(), on="threads.create")
