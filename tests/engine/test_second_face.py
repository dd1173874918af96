"""Another API over the same engine: three operations and event names of its own, side by side with Assistants."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import given, settings

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, thread
from tests.engine.scripts import FILE, scripts
from understudy import CodeInterpreter, FunctionCall, Reply
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._engine.engine import Engine
from understudy._engine.events import Ended, ItemClosed, ItemDelta, ItemOpened, Paused, Queued, Resumed, Started
from understudy._engine.execution import Execution, ExecutionRequest
from understudy._engine.items import Conversation, Item, MessageState, Text
from understudy._engine.moves.base import Tool
from understudy._engine.poll_clock import PollClock
from understudy._engine.script import ScriptedRun
from understudy._engine.script_queue import ScriptLabels


class Chat:
    """The tiny face: `ask` a question, `look` at an answer, `tell` the outputs it waits for. All in plain dicts."""

    NAMES: ClassVar[dict[type, str]] = {
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

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.polls = PollClock(engine)

    def ask(self, question: str) -> dict[str, Any]:
        engine, now = self.engine, self.engine.clock.now()
        chat = Conversation(id=engine.new_id("thread"), created_at=now)
        said = MessageState(id="question", role="user", status="completed", content=(Text(question),), ended_at=now)
        chat.items.add(Item(id="question", created_at=now, conversation_id=chat.id, state=said))
        request = ExecutionRequest(
            id=f"answer to {question}",
            conversation=chat,
            labels=ScriptLabels("chat"),
            tools=self.TOOLS,
            last_user_text=question,
            scripted_run=lambda: self._scripted(question, now),
        )
        engine.wrote()
        return self._shown(engine.perform(request))

    def _scripted(self, question: str, now: float) -> ScriptedRun:
        return ScriptedRun(
            id=question,
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

    def look(self, question: str) -> dict[str, Any]:
        execution = self.engine.executions[f"answer to {question}"]
        self.polls.asked_execution(execution, None)
        return self._shown(execution)

    def tell(self, question: str, output: str) -> dict[str, Any]:
        execution = self.engine.executions[f"answer to {question}"]
        self.engine.wrote()
        execution.resume(dict.fromkeys(execution.state.phase.waits_for, output), self.engine.clock.now())
        return self._shown(execution)

    def _shown(self, execution: Execution) -> dict[str, Any]:
        self.polls.shown[execution.id] = execution.state.phase
        items = [(item.kind, item.words, item.status) for item in execution.state.items]
        return {"status": execution.status, "items": items}

    def stream(self, question: str) -> list[str]:
        """What happened, by this face's names; steps have none."""
        events = self.engine.executions[f"answer to {question}"].events
        return [self.NAMES[type(event)] for event in events if type(event) in self.NAMES]


def service(*script: Any) -> tuple[us.Backend, Chat]:
    backend = us.Backend(script=script)
    assistant(backend)
    backend.add_file(id=FILE, filename="notes.txt", content="notes")
    return backend, Chat(backend._engine)


def polled(chat: Chat, question: str) -> dict[str, Any]:
    """A chat answered to its end, whatever it asks for."""
    shown = chat.ask(question)
    while shown["status"] not in ("completed", "failed", "incomplete", "cancelled", "expired"):
        shown = chat.tell(question, "sunny") if shown["status"] == "paused" else chat.look(question)
        if shown["status"] == "running" and not chat.engine.executions[f"answer to {question}"].planned:
            chat.engine.executions[f"answer to {question}"].cancel(chat.engine.clock.now())
    return shown


def test_one_script_two_apis():
    """Whichever API asks takes the script, and both show the same things happening, each in its own words."""
    script = (FunctionCall("get_weather", {"city": "Paris"}), CodeInterpreter("1 + 1", logs="2"), Reply("Sunny."))
    backend, chat = service(*script)
    shown = polled(chat, "Paris?")
    assert shown == {
        "status": "completed",
        "items": [
            ("function", 'get_weather({"city":"Paris"}) -> \'sunny\'', "completed"),
            ("code_interpreter", "code_interpreter '1 + 1'", "completed"),
            ("message", "Sunny.", "completed"),
        ],
    }
    assert [name for name in chat.stream("Paris?") if name != "more"] == [
        "asked",
        "thinking",
        "begins",
        "ends",
        "needs",
        "told",
        "thinking",
        "begins",
        "ends",
        "begins",
        "ends",
        "over",
    ]
    client = backend.client()
    runs = client.beta.threads.runs
    run: Any = runs.create_and_poll(thread_id=thread(client, "Paris?"), assistant_id=ASSISTANT)
    call = run.required_action.submit_tool_outputs.tool_calls[0]
    outputs: Any = [{"tool_call_id": call.id, "output": "sunny"}]
    run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs)
    execution = backend._engine.part(AssistantsObjects).run(run.thread_id, run.id).execution
    assert [(item.kind, item.words, item.status) for item in execution.state.items] == shown["items"]


@given(script=scripts(most=3).filter(lambda script: "Expire" not in repr(script)))
@settings(examples(60))
def test_any_script_plays_on_both(script):
    """For any script that the second API can perform: the items and the outcome are those of the run."""
    backend, chat = service(*script)
    shown = polled(chat, "Well?")
    execution = backend._engine.executions["answer to Well?"]
    other, _ = service(*script)
    client = other.client()
    run: Any = client.beta.threads.runs.create(thread(client, "Well?"), assistant_id=ASSISTANT)
    inner = other._engine.part(AssistantsObjects).run(run.thread_id, run.id).execution
    while not inner.is_over:
        if inner.status == "paused":
            inner.resume(dict.fromkeys(inner.state.phase.waits_for, "sunny"), other.clock.now())
        elif inner.status == "running" and not inner.planned:
            inner.cancel(other.clock.now())
        else:
            other.clock.move_to(inner.next_event_at())
    if inner.status != "expired":  # the second API's never do
        assert inner.status == shown["status"]
        assert [(item.kind, item.words) for item in inner.state.items] == [item[:2] for item in shown["items"]]
        assert [type(event) for event in inner.events] == [type(event) for event in execution.events]


def test_polling_one_does_not_disturb_the_other():
    """What one API's answers have shown moves nothing for the other: each poll is the first of its own."""
    backend, chat = service(Reply("Sunny."))
    client = backend.client()
    run: Any = client.beta.threads.runs.create(thread(client, "Rome?"), assistant_id=ASSISTANT)
    chat.engine.executions["answer to Rome?"] = chat.engine.executions[run.id]  # one execution, two views
    began = backend.clock.now()
    assert chat.look("Rome?")["status"] == "queued"  # this API has not shown it yet: nothing moves
    assert backend.clock.now() == began
    run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)  # the run was shown when it was created
    assert (run.status, backend.clock.now() - began) == ("in_progress", 1)
    assert chat.look("Rome?")["status"] == "running"  # shown as queued here: this is new, so nothing moves
    assert backend.clock.now() - began == 1
    assert chat.look("Rome?")["status"] == "completed"  # asked again
    at = backend.clock.now()
    run = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (run.status, backend.clock.now()) == ("completed", at)


def test_the_second_api_needs_no_ids_of_the_first():
    """A script for an assistant fits nothing else, and what it was set for says so."""
    backend, chat = service(Reply("for anyone"))
    backend.next_run(Reply("for the assistant"), assistant=ASSISTANT)
    assert polled(chat, "Oslo?")["items"] == [("message", "for anyone", "completed")]
    assert len(backend.scripts_left) == 1
