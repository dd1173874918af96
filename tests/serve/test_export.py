"""What was done in a simulation, copied as a test in Python: it is green, whatever was done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.serve.test_admin import WEATHER, Caller


def send(caller: Caller, method: str, path: str, body: Any = None) -> Any:
    """A request as the page sends it; gives the JSON of the answer, or the text of a stream."""
    from understudy._common.messages import Request, Response

    headers = (("openai-beta", "assistants=v2"), ("authorization", "Bearer page"), ("content-type", "application/json"))
    data = json.dumps(body).encode() if body is not None else b""
    answer = caller.simulation.handle(Request(method, f"http://localhost/v1{path}", headers, data))
    if not isinstance(answer, Response):
        return None
    if answer.stream is None:
        return json.loads(answer.body)
    return b"".join(piece for piece in answer.stream if isinstance(piece, bytes)).decode()


def test_everything_that_can_be_done(pytester: pytest.Pytester) -> None:
    """Seeds, scripts that use outputs, faults, refusals, the clock, polls and streams are said again, and hold again."""
    caller = Caller(time="manual")
    caller.say("next_ids", ids=["run_pinned"])
    assistant = caller.say("add_assistant", name='The "weather"', tools=[WEATHER])["id"]
    caller.say("add_file", filename="a.bin", content={"base64": "AAE="})
    call = {"FunctionCall": {"name": "get_weather", "arguments": {"city": "Paris"}}}
    caller.say("next_run", moves=[[call, call], 'It\'s "{outputs[0]}" {and} {outputs[get_weather]}\n.'])
    caller.say("every_run", moves=["Streamed."], when={"regex": "^Str"})
    caller.say("every_run", moves=["Other."], when="nothing like this", assistant=assistant)
    caller.say("fault", fault={"ServerError": {"status": 503}}, on="threads.retrieve", times=1)
    thread = send(caller, "POST", "/threads", {"messages": [{"role": "user", "content": "Weather?"}]})["id"]
    send(caller, "GET", f"/threads/{thread}")
    send(caller, "POST", f"/threads/{thread}/runs", {"assistant_id": "asst_none"})
    path = f"/threads/{thread}/runs/run_pinned"
    send(caller, "POST", f"/threads/{thread}/runs", {"assistant_id": assistant})
    caller.say("clock", advance=30)
    run = send(caller, "GET", path)
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": one["id"], "output": f"<{n}>"} for n, one in enumerate(calls)]
    send(caller, "POST", f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    caller.say("clock", mode="poll")
    while send(caller, "GET", path)["status"] != "completed":
        pass
    send(caller, "GET", f"/threads/{thread}/messages?limit=5&order=asc")
    send(caller, "GET", f"{path}/steps")
    send(caller, "POST", f"/threads/{thread}/messages", {"role": "user", "content": "Stream it"})
    assert "Streamed." in send(caller, "POST", f"/threads/{thread}/runs", {"assistant_id": assistant, "stream": True})
    send(caller, "DELETE", f"/threads/{thread}")
    code = caller.say("export")["text"]
    assert 'time="manual"' in code
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(code)
    result = pytester.runpytest_inprocess("-q")
    result.assert_outcomes(passed=1)


def test_the_rest_that_can_be_done(pytester: pytest.Pytester) -> None:
    """Conditions, results of a search, files that fail, lists, streams that break and cut connections are said again."""
    caller = Caller()
    caller.say("strict", strict=False)
    file = caller.say("add_file", filename="a.txt", content="Paris")["id"]
    store = caller.say("add_vector_store", name="s")["id"]
    caller.say("fail_file", file=file)
    tools = [{"type": "file_search"}, WEATHER]
    assistant = caller.say("add_assistant", name="A", tools=tools)["id"]
    results = [{"file_id": file, "score": 0.5, "text": "Paris"}]
    found = [{"FileSearch": {"results": results}}, "Found."]
    caller.say("every_run", moves=found, when={"assistant": assistant, "text": "Find"})
    caller.say("every_run", moves=["Weather."], when={"function": "get_weather", "text": "Rain"})
    place = {"city": "{outputs[0]}", "days": [1, "{outputs[0]}", None]}
    call = {"FunctionCall": {"name": "get_weather", "arguments": {"city": "Paris"}}}
    caller.say("next_run", moves=[call, {"FunctionCall": {"name": "get_weather", "arguments": place}}, "Done."])
    caller.say("fault", fault={"StreamError": {}}, on="threads.create_and_run", event=1)
    caller.say("fault", fault={"ConnectionReset": {}}, on="threads.create")

    def asked(text: str, **more: Any) -> Any:
        thread = {"messages": [{"role": "user", "content": text}]}
        return send(caller, "POST", "/threads/runs", {"assistant_id": assistant, "thread": thread, **more})

    send(caller, "POST", "/threads", {})
    made = asked("Hi")
    path = f"/threads/{made['thread_id']}/runs/{made['id']}"
    for _ in range(2):
        while (run := send(caller, "GET", path))["status"] != "requires_action":
            pass
        (called,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = [{"tool_call_id": called["id"], "output": "Lyon"}]
        send(caller, "POST", f"{path}/submit_tool_outputs", {"tool_outputs": outputs})
    for text in ("Find it", "Rain?"):
        made = asked(text)
        path = f"/threads/{made['thread_id']}/runs/{made['id']}"
        while send(caller, "GET", path)["status"] != "completed":
            pass
    asked("Hi", stream=True)
    caller.say("fault", fault={"StreamCut": {"reset": True}}, on="threads.create_and_run", event=2)
    asked("Hi", stream=True)
    send(caller, "POST", "/responses", {"model": "gpt-4o", "input": "Hi", "stream": True})
    send(caller, "GET", "/assistants")
    send(caller, "GET", f"/vector_stores/{store}")
    code = caller.say("export")["text"]
    assert "SearchResult(" in code
    assert "openai.APIConnectionError" in code
    assert "# only runs with the function 'get_weather' used this:" in code
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(code)
    pytester.runpytest_inprocess("-q").assert_outcomes(passed=1)


def test_what_cannot_be_said() -> None:
    """An upload, nothing at all, and more than is kept are refused with the reason; a mistake is a comment."""
    caller = Caller()
    assert caller.ask("export")[1]["error"] == "export: nothing was sent to the API so far; send a request first"
    caller.app.files.create(file=("a.txt", b"x"), purpose="assistants")
    assert "its body is not JSON. Export a cassette instead" in caller.ask("export")[1]["error"]
    assert "a.txt" in caller.say("export", form="cassette")["text"]
    caller.say("reset")
    send(caller, "POST", "/embeddings", {})
    assert "# POST /v1/embeddings: answered 501, a mistake in the test" in caller.say("export")["text"]
    for _ in range(501):
        send(caller, "GET", "/models")
    assert "requests are no longer kept" in caller.ask("export")[1]["error"]


def test_a_test_that_passes_shows_what_a_change_breaks(pytester: pytest.Pytester) -> None:
    """The copied test holds what was seen: with another answer it fails."""
    caller = Caller()
    caller.say("next_run", moves=["As seen."])
    caller.reply("Hi")
    code = caller.say("export")["text"]
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(code.replace("Reply('As seen.')", "Reply('Changed.')"))
    pytester.runpytest_inprocess("-q").assert_outcomes(failed=1)
