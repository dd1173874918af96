"""Another API over the same engine: three operations and event names of its own, in the same service as Assistants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from openai import APIStatusError, OpenAI, Stream

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, thread
from tests.engine.scripts import FILE, scripts
from understudy import CodeInterpreter, FunctionCall, Reply
from understudy._apis import faces
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.common import sse
from understudy._apis.common.face import Face
from understudy._apis.common.operation_call import Call, Operation
from understudy._apis.common.routing import Faces
from understudy._apis.common.schema import Fields, boolean, string
from understudy._common.messages import Request, Response
from understudy._engine.events import Ended, ItemClosed, ItemDelta, ItemOpened, Paused, Queued, Resumed, Started
from understudy._engine.execution import Execution, ExecutionRequest
from understudy._engine.items import Conversation, Item, MessageState, Text
from understudy._engine.moves.base import Tool
from understudy._engine.script import ScriptedRun
from understudy._engine.script_queue import ScriptLabels
from understudy.errors import NotSimulated

Json = dict[str, Any]

# -- the face: ask a question, look at an answer, tell the outputs it waits for -------------------

NAMES = {
    Queued: "asked",
    Started: "thinking",
    ItemOpened: "begins",
    ItemDelta: "more",
    ItemClosed: "ends",
    Paused: "needs",
    Resumed: "told",
    Ended: "over",
}
TOOLS = (
    Tool(kind="function", name="get_weather"),
    Tool(kind="function", name="get_time"),
    Tool(kind="code_interpreter"),
    Tool(kind="file_search"),
)


def _ask(call: Call) -> Json | Response:
    engine, question, now = call.engine, call.body["question"], call.engine.clock.now()
    chat = Conversation(id=engine.new_id("thread"), created_at=now)
    said = MessageState(id="question", role="user", status="completed", content=(Text(question),), ended_at=now)
    chat.items.add(Item(id="question", created_at=now, conversation_id=chat.id, state=said))
    scripted = ScriptedRun(
        id=chat.id,
        thread_id="",
        assistant_id="",
        model="",
        instructions=None,
        tools=[],
        metadata={},
        messages=[],
        last_user_text=question,
        outputs={},
        now=now,
    )
    request = ExecutionRequest(
        id=chat.id,
        conversation=chat,
        labels=ScriptLabels("chat"),
        tools=TOOLS,
        last_user_text=question,
        scripted_run=lambda: scripted,
    )
    execution = engine.perform(request)
    if call.body.get("stream"):
        return Response(200, (("content-type", sse.CONTENT_TYPE),), stream=_events(call, execution))
    return _shown(call, execution)


def _look(call: Call) -> Json:
    execution = call.engine.executions[call.ids["chat_id"]]
    call.polls.asked_execution(execution, None)
    return _shown(call, execution)


def _tell(call: Call) -> Json:
    execution = call.engine.executions[call.ids["chat_id"]]
    execution.resume(dict.fromkeys(execution.state.phase.waits_for, call.body["output"]), call.engine.clock.now())
    return _shown(call, execution)


def _shown(call: Call, execution: Execution) -> Json:
    call.shown[execution.id] = execution.state.phase
    items = [[item.kind, item.words, item.status] for item in execution.state.items]
    return {"id": execution.id, "status": execution.status, "items": items}


def _events(call: Call, execution: Execution) -> Iterator[bytes]:
    """What happens, by this face's names; steps have none."""
    number = 0
    while True:
        for event in execution.events[number:]:
            number += 1
            if type(event) in NAMES:
                yield sse.render(NAMES[type(event)], {"is": NAMES[type(event)]})
            if isinstance(event, Paused | Ended):
                return
        call.engine.clock.move_to(execution.next_event_at())


CHAT = Face(
    name="chat",
    operations=(
        Operation(
            name="chats.ask",
            method="POST",
            path="/chats",
            run=_ask,
            body=Fields({"question": string(), "stream": boolean}, ("question",)),
        ),
        Operation(name="chats.look", method="GET", path="/chats/{chat_id}", run=_look, polled="app"),
        Operation(
            name="chats.tell",
            method="POST",
            path="/chats/{chat_id}/outputs",
            run=_tell,
            body=Fields({"output": string()}, ("output",)),
        ),
    ),
    headers=(("chat-version", "1"),),
    event_names=tuple(NAMES.values()),
)


class Backend(us.Backend):
    """A service with one API more."""

    _faces = Faces(*faces.ALL.faces, CHAT)


# -- an app that speaks it ------------------------------------------------------------------------


class App:
    """An app of the tiny API: a real client, its requests written out."""

    def __init__(self, client: OpenAI) -> None:
        self.client = client

    def ask(self, question: str) -> Json:
        return self._post("/chats", question=question)

    def look(self, chat_id: str) -> Json:
        found: Any = self.client.get(f"/chats/{chat_id}", cast_to=object)
        return found

    def tell(self, chat_id: str, output: str) -> Json:
        return self._post(f"/chats/{chat_id}/outputs", output=output)

    def stream(self, question: str) -> list[str]:
        sent: Any = self.client.post(
            "/chats",
            cast_to=object,
            body={"question": question, "stream": True},
            stream=True,
            stream_cls=Stream[object],
        )
        return [event["is"] for event in sent]

    def _post(self, path: str, **body: Any) -> Json:
        answer: Any = self.client.post(path, cast_to=object, body=body)
        return answer


def service(*script: Any) -> tuple[us.Backend, App]:
    backend = Backend(script=script)
    assistant(backend)
    backend.add_file(id=FILE, filename="notes.txt", content="notes")
    return backend, App(backend.client())


def polled(backend: us.Backend, app: App, question: str) -> Json:
    """A chat answered to its end, whatever it asks for."""
    shown = app.ask(question)
    execution = backend._engine.executions[shown["id"]]
    while shown["status"] not in ("completed", "failed", "incomplete", "cancelled", "expired"):
        shown = app.tell(shown["id"], "sunny") if shown["status"] == "paused" else app.look(shown["id"])
        if shown["status"] == "running" and not execution.planned:
            execution.cancel(backend.clock.now())
    return shown


def test_one_script_two_apis():
    """Whichever API asks takes the script, and both show the same things happening, each in its own words."""
    script = (FunctionCall("get_weather", {"city": "Paris"}), CodeInterpreter("1 + 1", logs="2"), Reply("Sunny."))
    backend, app = service(*script)
    shown = polled(backend, app, "Paris?")
    assert (shown["status"], shown["items"]) == (
        "completed",
        [
            ["function", 'get_weather({"city":"Paris"}) -> \'sunny\'', "completed"],
            ["code_interpreter", "code_interpreter '1 + 1'", "completed"],
            ["message", "Sunny.", "completed"],
        ],
    )
    runs = app.client.beta.threads.runs
    run: Any = runs.create_and_poll(thread_id=thread(app.client, "Paris?"), assistant_id=ASSISTANT)
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    outputs: Any = [{"tool_call_id": call.id, "output": "sunny"}]
    run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs)
    execution = backend._engine.part(AssistantsObjects).run(run.thread_id, run.id).execution
    assert [[item.kind, item.words, item.status] for item in execution.state.items] == shown["items"]
    assert backend.problems == []


def test_each_streams_its_own_events():
    """One script, streamed by both: the same things in the same order, each event by its API's name."""
    backend, app = service(CodeInterpreter("1 + 1", logs="2"), Reply("Two."))
    names = [name for name in app.stream("1 + 1?") if name != "more"]
    assert names == ["asked", "thinking", "begins", "ends", "begins", "ends", "over"]
    with app.client.beta.threads.runs.create(thread(app.client), assistant_id=ASSISTANT, stream=True) as stream:
        others = [event.event for event in stream]
    assert [name for name in others if name.startswith(("thread.run.queued", "thread.run.in_", "thread.run.comp"))] == [
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.completed",
    ]
    assert backend.problems == []


@given(script=scripts(most=3).filter(lambda script: "Expire" not in repr(script)))
@settings(examples(60))
def test_any_script_plays_on_both(script):
    """For any script that the second API can perform: the items and the outcome are those of the run."""
    backend, app = service(*script)
    shown = polled(backend, app, "Well?")
    execution = backend._engine.executions[shown["id"]]
    run: Any = app.client.beta.threads.runs.create(thread(app.client, "Well?"), assistant_id=ASSISTANT)
    inner = backend._engine.part(AssistantsObjects).run(run.thread_id, run.id).execution
    while not inner.is_over:
        if inner.status == "paused":
            inner.resume(dict.fromkeys(inner.state.phase.waits_for, "sunny"), backend.clock.now())
        elif inner.status == "running" and not inner.planned:
            inner.cancel(backend.clock.now())
        else:
            backend.clock.move_to(inner.next_event_at())
    if inner.status != "expired":  # the second API's never do
        assert inner.status == shown["status"]
        assert [[item.kind, item.words] for item in inner.state.items] == [item[:2] for item in shown["items"]]
        assert [type(event) for event in inner.events] == [type(event) for event in execution.events]


def test_polling_one_does_not_disturb_the_other():
    """What one API's answers have shown moves nothing for the other: each poll is the first of its own."""
    backend, app = service(Reply("Sunny."))
    run: Any = app.client.beta.threads.runs.create(thread(app.client, "Rome?"), assistant_id=ASSISTANT)
    began = backend.clock.now()
    assert app.look(run.id)["status"] == "queued"  # one execution, two views: this API has not shown it yet
    assert backend.clock.now() == began
    run = app.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)  # was shown when it was created
    assert (run.status, backend.clock.now() - began) == ("in_progress", 1)
    assert app.look(run.id)["status"] == "running"  # shown as queued here: this is new, so nothing moves
    assert backend.clock.now() - began == 1
    assert app.look(run.id)["status"] == "completed"  # asked again
    at = backend.clock.now()
    run = app.client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (run.status, backend.clock.now()) == ("completed", at)


def test_its_answers_are_its_own():
    """Its headers are on its answers, and its bodies are checked; the answers of the others are as ever."""
    backend, _ = service(Reply("Hello."))
    key = (("authorization", "Bearer key"), ("content-type", "application/json"))
    answers = [
        backend.handle(Request("POST", "https://api.openai.com/v1/chats", key, b'{"question": "Hi"}')),
        backend.handle(Request("POST", "https://api.openai.com/v1/chats", key, b'{"quest": "Hi"}')),
        backend.handle(Request("GET", "https://api.openai.com/v1/files", key, b"")),
    ]
    assert [answer.status for answer in answers] == [200, 400, 200]
    assert [dict(answer.headers).get("chat-version") for answer in answers] == ["1", "1", None]
    assert [dict(answer.headers).get("openai-version") for answer in answers] == [None, None, "2020-10-01"]
    assert backend.problems == []


def test_a_face_not_given_is_not_there():
    """A service that was not given a face knows nothing of its paths, and says which it has."""
    backend = us.Backend()
    with pytest.raises(APIStatusError, match=r"POST /v1/chats is not simulated.*path='/v1/chats'"):
        App(backend.client(max_retries=0)).ask("Hi")
    assert [type(problem) for problem in backend.problems] == [NotSimulated]


def test_the_second_api_needs_no_ids_of_the_first():
    """A script for an assistant fits nothing else, and what it was set for says so."""
    backend, app = service(Reply("for anyone"))
    backend.next_run(Reply("for the assistant"), assistant=ASSISTANT)
    assert polled(backend, app, "Oslo?")["items"] == [["message", "for anyone", "completed"]]
    assert len(backend.scripts_left) == 1
