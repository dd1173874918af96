"""The admin route's verbs: scripts and conditions, what is seen, what is wrong, in the caller's own words."""

from __future__ import annotations

import base64
import json
import os
import pty
import re
import subprocess
import sys
from typing import Any

import jsonschema
import pytest
from openai import APIError, InternalServerError, OpenAI

from understudy._backend.backend import Backend
from understudy._common.messages import Request, Response
from understudy._serve import admin, exchanges
from understudy._serve.admin_schema import document
from understudy._serve.simulated import Simulation

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}


class Caller:
    """Somebody who speaks JSON to a simulation, and an app in it."""

    def __init__(self, **settings: Any) -> None:
        self.simulation = Simulation("", lambda **given: Backend(**(settings | given)))

    def ask(self, verb: str, **body: Any) -> tuple[int, Any]:
        headers = (("content-type", "application/json"),)
        request = Request("POST", f"http://localhost/_understudy/{verb}", headers, json.dumps(body).encode())
        answer = admin.answer(self.simulation, request, verb)
        return answer.status, json.loads(answer.body)

    def say(self, verb: str, **body: Any) -> Any:
        status, value = self.ask(verb, **body)
        assert status == 200, value
        return value

    @property
    def app(self) -> OpenAI:
        """A client whose requests the simulation answers."""
        from tests.client_kinds import SDK_LIB

        def answer(sent: Any) -> Any:
            request = Request(sent.method, str(sent.url), sent.headers.raw, sent.read())
            given = self.simulation.handle(request)
            assert isinstance(given, Response)
            pieces = [given.body] if given.stream is None else [one for one in given.stream if isinstance(one, bytes)]
            return SDK_LIB.Response(given.status, headers=given.headers, content=b"".join(pieces))

        http = SDK_LIB.Client(transport=SDK_LIB.MockTransport(answer))
        return OpenAI(api_key="sk-app", base_url="http://localhost/v1", http_client=http, max_retries=0)

    def run(self, text: str = "Hi", tools: Any = (), **more: Any) -> Any:
        """Start a run of a new assistant, and poll it as far as it goes by itself."""
        assistant = self.app.beta.assistants.create(model="gpt-4o", tools=list(tools))
        thread = self.app.beta.threads.create(messages=[{"role": "user", "content": text}])
        return self.app.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, **more)

    def reply(self, text: str = "Hi", tools: Any = (), **more: Any) -> str:
        """What the run replied."""
        run = self.run(text, tools, **more)
        return str(self.app.beta.threads.messages.list(run.thread_id).data[0].content[0].text.value)  # type: ignore[union-attr]


def test_a_condition_on_functions_needs_functions() -> None:
    """A script for runs with a function is for no response without tools, and for no run that this server did not see."""
    caller = Caller()
    caller.say("every_run", moves=["Weather."], when={"function": "get_weather"})
    unseen = caller.simulation.backend
    made, thread = unseen.add_assistant(tools=[WEATHER]), unseen.add_thread(messages=["Hi"])
    unseen.client().beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=made.id)
    assert unseen.messages(thread.id)[-1].text != "Weather."
    assert caller.app.responses.create(model="gpt-4o", input="Hi").output_text != "Weather."
    function: Any = {"type": "function", "name": "get_weather", "parameters": {}}
    assert caller.app.responses.create(model="gpt-4o", input="Hi", tools=[function]).output_text == "Weather."


def test_a_stream_that_is_no_longer_kept_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is read when its request is forgotten is sent to its end, and is not kept anew."""
    monkeypatch.setattr(exchanges, "MAX_EXCHANGES", 3)
    caller = Caller()
    body = json.dumps({"model": "gpt-4o", "input": "Hi", "stream": True}).encode()
    answer = caller.simulation.handle(
        Request("POST", "http://localhost/v1/responses", (("authorization", "Bearer k"),), body)
    )
    assert isinstance(answer, Response)
    assert answer.stream is not None
    pieces = [next(answer.stream)]
    for _ in range(5):
        caller.app.models.list()
    pieces += answer.stream
    assert b"response.completed" in b"".join(piece for piece in pieces if isinstance(piece, bytes))
    shown = caller.say("requests")
    assert ([one["path"] for one in shown["requests"]], shown["lost"]) == (["/v1/models"] * 3, 3)


def test_bytes_are_shown_by_their_number() -> None:
    """Of a body that is no text, the requests that are listed have the size."""
    caller = Caller()
    file = caller.simulation.backend.add_file(filename="a.bin", content=b"\xff\xfe", purpose="vision")
    assert caller.app.files.content(file.id).read() == b"\xff\xfe"
    (shown,) = caller.say("requests")["requests"]
    assert shown["answer"] == "(2 bytes that are not text)"


def test_replies_use_the_submitted_outputs() -> None:
    """`{outputs[0]}` and `{outputs[NAME]}` are what the app submitted; doubled braces are the text itself."""
    caller = Caller()
    call = {"FunctionCall": {"name": "get_weather", "arguments": {"city": "Paris"}}}
    again = {"FunctionCall": {"name": "get_weather", "arguments": {"like": "{outputs[1]}"}}}
    last = "{outputs[0]}; first by name {outputs[get_weather]}; {{outputs[0]}} {x}"
    caller.say("next_run", moves=[[call, call], again, last])
    run = caller.run(tools=[WEATHER])
    submit = caller.app.beta.threads.runs.submit_tool_outputs_and_poll
    calls = run.required_action.submit_tool_outputs.tool_calls
    outputs: Any = [{"tool_call_id": one.id, "output": f"{n}°"} for n, one in enumerate(calls)]
    run = submit(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert json.loads(call.function.arguments) == {"like": "1°"}
    run = submit(run_id=run.id, thread_id=run.thread_id, tool_outputs=[{"tool_call_id": call.id, "output": "rain"}])
    messages = caller.app.beta.threads.messages.list(run.thread_id)
    assert messages.data[0].content[0].text.value == "rain; first by name rain; {outputs[0]} {x}"  # type: ignore[union-attr]


def test_conditions() -> None:
    """`when` chooses by text, by pattern, by a function among the run's tools, and by assistant; all of it must fit."""
    caller = Caller()
    asst = caller.say("add_assistant", id="asst_one")["id"]
    caller.say("every_run", moves=["default"])
    caller.say("every_run", moves=["text"], when="sun")
    caller.say("every_run", moves=["pattern"], when={"regex": "^[0-9]+$"})
    caller.say("every_run", moves=["function"], when={"function": "get_weather"})
    caller.say("every_run", moves=["both"], when={"function": "get_weather", "text": "rain"})
    caller.say("every_run", moves=["assistant"], when={"assistant": asst})
    assert [caller.reply(text) for text in ("Hi", "sunny", "42", "4 2")] == ["default", "text", "pattern", "default"]
    assert [caller.reply(text, [WEATHER]) for text in ("Hi", "rain")] == ["function", "both"]
    assert caller.reply("rain", tools=()) == "default"
    thread = caller.app.beta.threads.create(messages=[{"role": "user", "content": "42"}])
    run = caller.app.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=asst)
    assert caller.say("messages", thread_id=thread.id)["messages"][-1]["content"][0]["text"]["value"] == "assistant"
    assert run.status == "completed"
    own = caller.app.beta.threads.create_and_run_poll(
        assistant_id=caller.say("add_assistant")["id"],
        thread={"messages": [{"role": "user", "content": "Hi"}]},
        tools=[WEATHER],  # type: ignore[list-item]
    )
    assert caller.app.beta.threads.messages.list(own.thread_id).data[0].content[0].text.value == "function"  # type: ignore[union-attr]


def test_bytes_as_base64() -> None:
    """A file's content, and an image in a reply, are bytes in base64."""
    caller = Caller()
    png = b"\x89PNG\r\n\x1a\n\x00"
    encoded = {"base64": base64.b64encode(png).decode()}
    file = caller.say("add_file", filename="a.png", purpose="vision", content=encoded)
    assert caller.app.files.content(file["id"]).content == png
    caller.say("next_run", moves=[{"Reply": {"text": "Look.", "images": [encoded]}}])
    run = caller.run()
    (message, _) = caller.app.beta.threads.messages.list(run.thread_id).data
    assert caller.app.files.content(message.content[1].image_file.file_id).content == png  # type: ignore[union-attr]
    assert caller.say("files")["files"][0]["filename"] == "a.png"


def test_check_ends_a_test() -> None:
    """409 with what is wrong, each thing once, in words that a caller over HTTP can follow; then 200."""
    caller = Caller()
    caller.say("next_run", moves=["first"])
    caller.say("next_run", moves=["second"], thread="thread_never")
    caller.run()
    caller.say("fault", fault={"RateLimited": {}}, on="runs.cancel")
    with pytest.raises(InternalServerError, match="A served simulator answers only what its API has"):
        caller.app.embeddings.create(model="x", input="x")
    status, found = caller.ask("check")
    assert status == 409
    assert [problem["code"] for problem in found["problems"]] == [
        "understudy_not_simulated",
        "understudy_unused",
        "understudy_unused",
    ]
    assert "Reply('second'), thread='thread_never'  (set by request 2)" in found["error"]
    assert "(set by request 3)" in found["error"]
    assert caller.ask("check")[0] == 200


def test_mistakes_are_told_in_the_callers_words() -> None:
    """No message names a file of the server's or advises what only Python can do."""
    caller = Caller(time="manual")
    caller.say("strict", strict=True)
    with pytest.raises(InternalServerError, match=r"Set one before the run: POST /_understudy/next_run \{\"moves\""):
        caller.run()
    caller.say("next_run", moves=["unused"], assistant="asst_other")
    caller.say("next_run", moves=[{"FunctionCall": {"name": "f"}}])
    with pytest.raises(InternalServerError, match="the script set by request 3 calls 'f'"):
        caller.run()
    caller.say("strict", strict=None)
    caller.say("reset")
    assistant = caller.app.beta.assistants.create(model="gpt-4o")
    thread: Any = {"messages": [{"role": "user", "content": "x"}]}
    stream = caller.app.beta.threads.create_and_run(assistant_id=assistant.id, thread=thread, stream=True)
    with pytest.raises(APIError, match="POST /_understudy/clock"):
        list(stream)
    told = json.dumps([caller.say("state"), caller.ask("check")])
    assert not re.search(r"understudy\.\w+\(|\.py:\d+|with understudy", told), told


def test_what_is_seen() -> None:
    """Requests with their answers and without keys, the timeline in three forms, the whole state."""
    caller = Caller()
    caller.say("next_run", moves=["Seen."])
    run = caller.run("See?")
    seen = caller.say("requests")
    assert [(one["method"], one["status"]) for one in seen["requests"]][:2] == [("POST", 200)] * 2
    assert json.loads(seen["requests"][1]["body"])["messages"][0]["content"] == "See?"
    assert json.loads(seen["requests"][1]["answer"])["id"] == run.thread_id
    assert "sk-app" not in json.dumps(seen)
    later = caller.say("requests", since=seen["requests"][-1]["number"])
    assert (later["requests"], later["lost"]) == ([], 0)
    timeline = caller.say("timeline", run_id=run.id)
    assert (timeline["status"], timeline["moments"][0]["name"]) == ("completed", "created")
    assert timeline["svg"].startswith("<svg")
    assert timeline["text"].startswith(run.id)
    state = caller.say("state")
    assert [one["id"] for one in state["runs"]] == [run.id]
    assert len(state["assistants"]) == len(state["threads"]) == 1


def test_a_conversation_is_made_and_seen() -> None:
    """What a conversation holds before and after a response, the response itself, and its timeline."""
    caller = Caller()
    made = caller.say("add_conversation", id="conv_mine", items=["Hello?"], metadata={"a": "b"})
    assert (made["id"], made["object"], made["metadata"]) == ("conv_mine", "conversation", {"a": "b"})
    caller.say("next_run", moves=["Hi."])
    response = caller.app.responses.create(model="gpt-4o", input="Still there?", conversation="conv_mine")
    items = caller.say("items", conversation_id="conv_mine")["items"]
    assert [(one["role"], one["content"][0]["text"]) for one in items] == [
        ("user", "Hello?"),
        ("user", "Still there?"),
        ("assistant", "Hi."),
    ]
    state = caller.say("state")
    assert [one["id"] for one in state["conversations"]] == ["conv_mine"]
    assert [(one["id"], one["status"]) for one in state["responses"]] == [(response.id, "completed")]
    assert caller.say("timeline", run_id=response.id)["status"] == "completed"
    status, refused = caller.ask("items", conversation_id="conv_mien")
    assert (status, "conv_mine" in refused["error"]) == (400, True)


def test_an_app_and_its_port_have_equal_transcripts() -> None:
    """What was said, called and found, in a simulation for each API: the same entries, as JSON and as text."""

    def transcript(drive: Any) -> Any:
        caller = Caller()
        search = {"FileSearch": {"results": [{"file_id": caller.say("add_file", filename="a.txt")["id"], "score": 0.5}]}}
        caller.say("next_run", moves=[search, "Sunny."])
        drive(caller)
        return caller.say("transcript")

    def port(caller: Caller) -> None:
        store = caller.say("add_vector_store")["id"]
        search: Any = {"type": "file_search", "vector_store_ids": [store]}
        caller.app.responses.create(model="gpt-4o", input="The weather?", tools=[search])

    old = transcript(lambda caller: caller.run("The weather?", tools=[{"type": "file_search"}]))
    new = transcript(port)
    assert (old["api"], new["api"]) == ("assistants", "responses")
    assert (old["entries"], old["text"]) == (new["entries"], new["text"])
    assert [(entry["kind"], entry["value"]) for entry in old["entries"]] == [
        ("user", "The weather?"),
        ("tools", {"file_search": {"files": []}}),
        ("call", {"name": "file_search", "arguments": {"unknown": True}}),
        ("output", {"name": "file_search", "output": ["a.txt"], "passages": [""]}),
        ("reply", "Sunny."),
        ("outcome", "completed"),
    ]


def test_the_clock_changes_hands() -> None:
    """Every mode can be changed for every other, and time never goes back."""
    caller = Caller(time="real")
    real = caller.say("clock")["now"]
    assert caller.say("clock", mode="manual", advance=5)["now"] >= real + 5
    assert caller.ask("clock", mode="real") == (
        400,
        {
            "error": "clock: mode: cannot be 'real', as the clock is ahead of the wall clock and never goes back; "
            "use 'poll' or 'manual', or reset"
        },
    )
    assert caller.say("reset", time="poll", start=1_600_000_000, seed=3) is not None
    assert caller.say("clock")["now"] == 1_600_000_000
    assert caller.say("clock", mode="real")["now"] >= real
    status, refused = caller.ask("clock", advance=1)
    assert (status, "real time" in refused["error"]) == (400, True)


def bodies() -> list[tuple[str, Any]]:
    """Bodies of every verb, as callers send them."""
    return [
        ("next_run", {"moves": ["Hi", {"Reply": {"text": "x", "chunks": ["x"]}}]}),
        ("next_run", {"moves": [[{"FunctionCall": {"name": "f", "arguments": {"a": 1}}}], {"Wait": {"seconds": 4}}]}),
        ("next_run", {"moves": [{"FileSearch": {"results": [{"file_id": "file-1", "score": 0.5}]}}, {"Expire": {}}]}),
        ("every_run", {"moves": [{"Fail": {"code": "server_error"}}], "when": {"function": "f", "regex": "x"}}),
        ("every_run", {"moves": ["x"], "when": "x", "assistant": "asst_1", "thread": None}),
        ("fault", {"fault": {"RateLimited": {"retry_after": 2}}, "on": "runs.retrieve", "times": None}),
        ("add_assistant", {"id": "asst_1", "name": "x", "tools": [WEATHER]}),
        ("add_thread", {"messages": ["x"], "metadata": {}}),
        ("add_message", {"thread_id": "thread_1", "content": "x"}),
        ("add_conversation", {"items": ["x", {"role": "user", "content": "y"}], "metadata": {}}),
        ("add_file", {"content": {"base64": "eA=="}}),
        ("add_vector_store", {"file_ids": ["file-1"], "name": "x"}),
        ("fail_file", {"file": "x.txt"}),
        ("next_ids", {"ids": ["thread_1"]}),
        ("clock", {"advance": 1.5, "mode": "manual"}),
        ("strict", {"strict": None}),
        ("state", {}),
        ("requests", {"since": 3}),
        ("messages", {"thread_id": "thread_1"}),
        ("items", {"conversation_id": "conv_1"}),
        ("transcript", {}),
        ("files", {}),
        ("timeline", {"run_id": "run_1"}),
        ("export", {"form": "cassette"}),
        ("check", {}),
        ("reset", {"time": "poll", "strict": True}),
    ]


def test_the_document_describes_what_is_taken() -> None:
    """Every verb is in the OpenAPI document, with a schema that fits what callers send and refuses what is wrong."""
    described = document()
    names = [path.rpartition("/")[2] for path, item in described["paths"].items() if "post" in item]
    assert sorted(names) == sorted(admin.KNOWN) == sorted({verb for verb, _ in bodies()})

    def validator(verb: str) -> Any:
        operation = described["paths"][f"/_understudy/{verb}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return jsonschema.Draft202012Validator({**schema, "components": described["components"]})

    for verb, body in bodies():
        validator(verb).validate(body)
    for verb, body in (
        ("next_run", {}),
        ("next_run", {"moves": []}),
        ("next_run", {"moves": [{"Replay": {}}]}),
        ("next_run", {"moves": [{"Reply": {"txt": "x"}}]}),
        ("next_run", {"moves": ["x"], "when": "x"}),
        ("every_run", {"moves": ["x"], "when": {"regexp": "x"}}),
        ("fault", {"fault": {"RateLimitd": {}}}),
        ("clock", {"mode": "sleep"}),
        ("reset", {"tiem": "poll"}),
        ("add_message", {"thread_id": "thread_1"}),
        ("add_file", {"content": 5}),
    ):
        assert not validator(verb).is_valid(body), (verb, body)


def test_the_terminal_shows_requests_and_ends() -> None:
    """On a terminal there is a line for each request and for each run's end; nothing where stdout is a pipe."""
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0"]
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL)
    os.close(follower)
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        lines = iter(lambda: _line(terminal), "")
        url = re.search(r"http://[\d.]+:\d+", next(lines))[0]  # type: ignore[index]
        client = OpenAI(base_url=f"{url}/w/mine/v1", api_key="sk-x")
        assistant = client.beta.assistants.create(model="gpt-4o")
        thread: Any = {"messages": [{"role": "user", "content": "Hi"}]}
        run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=thread)
        said = [next(lines)]
        while "completed" not in said[-1]:
            said.append(next(lines))
        process.terminate()
        process.wait()
    assert re.fullmatch(r"\d\d:\d\d:\d\d POST   200 /w/mine/v1/assistants", said[0].strip())
    assert re.fullmatch(rf"\d\d:\d\d:\d\d +{run.id} completed after [\d.]+ s  \(/w/mine\)", said[-1].strip())


def _line(terminal: Any) -> str:
    line = b""
    while not line.endswith(b"\n"):
        line += terminal.read(1)
    return line.decode()


@pytest.mark.parametrize(
    ("verb", "body", "said"),
    [
        ("next_ids", {"ids": [5]}, "5 is not an id"),
        ("next_ids", {"ids": ["thread_a/b"]}, "'thread_a/b' is not an id"),
        ("add_assistant", {"id": 5}, "5 is not an id"),
        ("add_thread", {"id": "../x"}, "'../x' is not an id"),
        ("add_thread", {"messages": 5}, "messages=5): expected a list"),
        ("add_thread", {"messages": {"role": "user"}}, "expected a list"),
        ("add_thread", {"messages": ["x", 5]}, "messages[1]=5): expected a text or a body"),
        ("add_conversation", {"items": [None]}, "items[0]=None): expected a text or a body"),
        ("fault", {"fault": {"RateLimited": {"retry_after": "x"}}}, "RateLimited(retry_after='x'): expected float or None"),
        ("fault", {"fault": {"RateLimited": {"message": 5}}}, "RateLimited(message=5): expected str"),
        ("fault", {"fault": {"ServerError": {"status": "x"}}}, "ServerError(status='x'): expected int"),
        ("fault", {"fault": {"StreamCut": {"at_byte": True}}}, "StreamCut(at_byte=True): expected int or None"),
        ("fault", {"fault": {"RateLimited": {}}, "nth": "a"}, "Fault(nth='a'): expected int"),
        ("fault", {"fault": {"RateLimited": {}}, "times": 1.5}, "Fault(times=1.5): expected int or None"),
        ("reset", {"seed": [1]}, "seed=[1]: expected an integer"),
        ("reset", {"strict": "yes"}, "strict='yes': expected True, False or None"),
    ],
)
def test_a_value_of_another_type_is_named(verb: str, body: dict[str, Any], said: str) -> None:
    """A value that no verb can mean is refused at once, with its name, and breaks nothing that comes after."""
    caller = Caller()
    status, value = caller.ask(verb, **body)
    assert (status, said in value["error"]) == (400, True), value
    assert caller.run("Hi").status == "completed"
