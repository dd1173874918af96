"""Recorded from the simulated service over a real socket, promoted, and asked the same again: the same answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openai
import pytest

import understudy as us
from tests.cassettes.loopback import served
from tests.promote.driving import answered, recorded
from understudy import Backend, CodeInterpreter, FileSearch, FunctionCall, Reply, SearchResult
from understudy._cassettes import load
from understudy._promote import code_of, from_cassette

WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}}
Flow = Callable[[openai.OpenAI], Any]


def tool_call(client: openai.OpenAI) -> None:
    """An app that creates all it needs, answers two parallel calls, and goes on to a second, streamed run."""
    threads = client.beta.threads
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[WEATHER, {"type": "code_interpreter"}])  # type: ignore[list-item]
    thread = threads.create(messages=[{"role": "user", "content": "Hello."}, {"role": "user", "content": "And Rome?"}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.required_action is not None
    calls = run.required_action.submit_tool_outputs.tool_calls
    outputs: Any = [{"tool_call_id": call.id, "output": "sunny"} for call in calls]
    threads.runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
    threads.messages.create(thread.id, role="user", content="Thanks. What is 1 + 1?")
    with threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
    threads.messages.list(thread.id)
    threads.runs.steps.list(run_id=run.id, thread_id=thread.id)
    threads.runs.list(thread.id)


def script_tool_call(backend: Backend) -> None:
    """What the model does in it."""
    calls = [FunctionCall("get_weather", {"city": "Paris"}), FunctionCall("get_weather", {"city": "Rome"})]
    backend.next_run(calls, Reply("Sunny in both."))
    backend.next_run(CodeInterpreter("print(1 + 1)", logs="2\n"), Reply("It is 2."))


def files(client: openai.OpenAI) -> None:
    """An app that uploads a file, searches it, and makes a thread with its run."""
    file = client.files.create(file=("notes.txt", b"Filip likes cake."), purpose="assistants")
    store = client.vector_stores.create(name="notes", file_ids=[file.id])
    resources: Any = {"file_search": {"vector_store_ids": [store.id]}}
    tools: Any = [{"type": "file_search"}]
    assistant = client.beta.assistants.create(model="gpt-4o", tools=tools, tool_resources=resources)
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "What does Filip like?"}]}
    )
    client.beta.threads.messages.list(run.thread_id)
    client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id)


def script_files(backend: Backend) -> None:
    """What the model does in it; the file's id is known beforehand."""
    backend.next_ids("file-CakeCakeCakeCakeCakeCa")
    found = SearchResult("file-CakeCakeCakeCakeCakeCa", 0.9, "Filip likes cake.")
    cited = Reply("Cake【4:0†notes.txt】.", citations=["file-CakeCakeCakeCakeCakeCa"])
    backend.next_run(FileSearch([found]), cited)


def endings(client: openai.OpenAI) -> None:
    """An app whose runs fail, stay incomplete, expire, and are cancelled."""
    threads = client.beta.threads
    assistant = client.beta.assistants.create(model="gpt-4o")
    for _ in range(3):
        thread = threads.create(messages=[{"role": "user", "content": "Hello."}])
        threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        threads.messages.list(thread.id)
    thread = threads.create(messages=[{"role": "user", "content": "Hello."}])
    run = threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    threads.runs.cancel(run_id=run.id, thread_id=thread.id)
    threads.runs.poll(run_id=run.id, thread_id=thread.id)


def script_endings(backend: Backend) -> None:
    """What becomes of them."""
    backend.next_run(us.Fail("rate_limit_exceeded", "You exceeded your current quota."))
    backend.next_run(Reply("half a sen"), us.Incomplete("max_completion_tokens"))
    backend.next_run(us.Expire())
    backend.next_run(us.Hang())


def drawings(client: openai.OpenAI) -> None:
    """An app whose model draws: beside its words, and in the code interpreter."""
    threads = client.beta.threads
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}])
    thread = threads.create(messages=[{"role": "user", "content": "Draw it."}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    threads.messages.list(thread.id)
    threads.runs.steps.list(run_id=run.id, thread_id=thread.id)


def script_drawings(backend: Backend) -> None:
    """What the model draws."""
    backend.next_run(CodeInterpreter("plot()", images=[b"\x89PNG one"]), Reply("Here.", images=[b"\x89PNG two"]))


def script_everything(backend: Backend) -> None:
    """All of it, one after the other."""
    for set_up, _ in list(FLOWS.values())[:-1]:
        set_up(backend)


def everything(client: openai.OpenAI) -> None:
    for _, flow in list(FLOWS.values())[:-1]:
        flow(client)


FLOWS: dict[str, tuple[Callable[[Backend], None], Flow]] = {
    "tool_call": (script_tool_call, tool_call),
    "files": (script_files, files),
    "endings": (script_endings, endings),
    "drawings": (script_drawings, drawings),
    "everything": (script_everything, everything),
}


Recorded = Callable[..., Path]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Record a flow from a simulated service behind a socket, once; gives the cassette."""
    folder = tmp_path_factory.mktemp("recordings")

    @cache
    def record(name: str, rename_ids: bool) -> Path:
        set_up, flow = FLOWS[name]
        path = folder / f"{name}-{rename_ids}.yaml"
        backend = Backend()
        set_up(backend)
        with served(backend) as url, us.use_cassette(path, record="once", rename_ids=rename_ids):
            with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test", max_retries=0) as client:
                flow(client)
        assert backend.close() == []
        return path

    return lambda name, rename_ids=True: record(name, rename_ids)


@pytest.mark.parametrize("rename_ids", [True, False], ids=["renamed", "as_drawn"])
@pytest.mark.parametrize("name", FLOWS)
def test_the_same_requests_get_the_same_answers(name: str, rename_ids: bool, recording: Recorded) -> None:
    """Every recorded request, sent to the promoted service, is answered as recorded: statuses, bodies and events."""
    path = recording(name, rename_ids)
    backend = from_cassette(path)
    for interaction in load(path):
        got, expected = answered(backend, interaction), recorded(interaction)
        assert got == expected, str(interaction)
    assert backend.scripts_left == []
    assert backend.close() == []


@pytest.mark.parametrize("name", FLOWS)
def test_the_code_says_the_same(name: str, recording: Recorded) -> None:
    """The code that is written sets another backend up to give the very same answers."""
    path = recording(name)
    names: dict[str, Any] = {}
    exec(compile(code_of(path), "promoted.py", "exec"), names)
    backend = Backend()
    names["set_up"](backend)
    for interaction in load(path):
        assert answered(backend, interaction) == recorded(interaction), str(interaction)


def test_the_app_may_leave_the_recorded_path(recording: Recorded) -> None:
    """After the recording ends, and beside it, the simulated service goes on by itself."""
    path = recording("tool_call")
    backend = from_cassette(path)
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o", name="not recorded", tools=[WEATHER])  # type: ignore[list-item]
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Something else."}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "requires_action"  # the first recorded script
    cancelled = client.beta.threads.runs.cancel(run_id=run.id, thread_id=thread.id)  # which the recorded app never did
    assert cancelled.status == "cancelling"
    assert client.beta.threads.runs.poll(run_id=run.id, thread_id=thread.id).status == "cancelled"
    backend.every_run(Reply("I am still here."))
    other = client.beta.threads.create(messages=[{"role": "user", "content": "Again."}])
    backend.next_run(Reply("Queued behind the recorded one."), thread=other.id)
    assert len(backend.scripts_left) == 2
    backend.close()


def test_into_the_fixture(understudy: Any, recording: Recorded) -> None:
    """A backend that is there already takes the scenario; its clock comes to the recording's time, if that is later."""
    path = recording("files")
    assert from_cassette(path, into=understudy) is understudy
    with openai.OpenAI() as client:
        files(client)
    [run] = understudy.runs
    assert run.status == "completed"
    assert understudy.messages(run.thread_id)[-1].text == "Cake【4:0†notes.txt】."
