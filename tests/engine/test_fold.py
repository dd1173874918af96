"""ExecutionState is the fold of the events so far, and what is planned are values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, outputs_for, thread
from tests.engine.scripts import FILE, scripts
from understudy import FunctionCall, Hang, Reason, Reply
from understudy._apis.assistants.event_names import EVENT_NAMES
from understudy._apis.assistants.stream_events import NAMES
from understudy._engine.engine import Engine
from understudy._engine.execution import Execution, ExecutionRequest, PlannedEvent
from understudy._engine.fold import START, ExecutionState, apply, fold, states
from understudy._engine.items import CallState, Conversation, Item, MessageState, Text
from understudy._engine.moves.base import Tool
from understudy._engine.script_queue import ScriptLabels

TOOLS = tuple(
    Tool(kind=kind, name=name)
    for kind, name in [
        ("function", "get_weather"),
        ("function", "get_time"),
        ("code_interpreter", None),
        ("file_search", None),
    ]
)


def service(*scripted: Any, lifetime_seconds: float | None = 600) -> tuple[Engine, Execution]:
    """A service without any API, and an execution of a script on a conversation with one message."""
    engine = Engine(time="manual")
    engine.files.add(id=FILE, filename="notes.txt", purpose="assistants", content=b"notes")
    engine.scripts.next_run(scripted, assistant=None, thread=None)
    conversation = Conversation(id="conversation_1", created_at=engine.clock.now())
    said = MessageState(id="message_0", role="user", status="completed", content=(Text("How is the weather?"),))
    conversation.items.add(Item(id="message_0", created_at=engine.clock.now(), conversation_id=conversation.id, state=said))
    request = ExecutionRequest(
        id="execution_1",
        conversation=conversation,
        labels=ScriptLabels("performance"),
        scripted_run=_nothing_to_know,
        tools=TOOLS,
        lifetime_seconds=lifetime_seconds,
    )
    return engine, engine.perform(request)


def _nothing_to_know() -> Any:
    raise AssertionError("only a function script asks for its run")


def live(engine: Engine, execution: Execution, cancel_at: int | None = None) -> list[tuple[int, ExecutionState]]:
    """Let an execution live to its end, handing in outputs; gives each state that was seen, and after how many events."""
    seen = [(len(execution.events), execution.state)]
    while (at := execution.next_event_at()) is not None:
        if len(seen) == cancel_at and execution.status != "cancelling":
            execution.cancel(engine.clock.now())
        elif execution.status == "paused":
            execution.resume(dict.fromkeys(execution.state.phase.waits_for, "sunny"), engine.clock.now())
        else:
            engine.clock.move_to(at)
        seen.append((len(execution.events), execution.state))
    return seen


@given(script=scripts(), cancel_at=st.none() | st.integers(1, 20))
@settings(examples(150))
def test_the_state_seen_is_the_fold_of_the_events_so_far(script, cancel_at):
    """For any script, cancelled at any point or not: each state seen is the fold of the events until then."""
    engine, execution = service(*script)
    for count, state in live(engine, execution, cancel_at):
        assert fold(execution.events[:count]) == state
    assert [state for _, state in states(execution.events)][-1] == execution.state


@given(script=scripts())
@settings(examples(60))
def test_folding_in_two_parts_is_folding_at_once(script):
    """A fold can be taken up anywhere: the rest of the events, applied to the fold of the first, gives the same."""
    engine, execution = service(*script)
    live(engine, execution)
    for count in range(len(execution.events) + 1):
        assert fold(execution.events[count:], fold(execution.events[:count])) == execution.state


@given(script=scripts())
@settings(examples(60))
def test_the_log_and_the_steps_show_the_fold(script):
    """What the conversation's log and the list of steps hold is what the fold holds, in the same order."""
    engine, execution = service(*script)
    live(engine, execution)
    written = [item.state for item in execution.conversation.items if item.execution_id == execution.id]
    assert written == list(execution.state.items)
    assert [step.state for step in execution.steps] == list(execution.state.steps)


@given(script=scripts())
@settings(examples(60))
def test_opening_and_pieces_make_the_whole(script):
    """An item as it is opened, plus its pieces, is the item as it ends: for every kind of call."""
    engine, execution = service(*script)
    live(engine, execution)
    for state in execution.state.items:
        if isinstance(state, CallState):
            again = state.opening()
            for piece in state.pieces():
                again = again.plus(piece)
            assert again == state


def test_applying_changes_no_state():
    """`apply` gives a new state and leaves the old one alone."""
    engine, execution = service(Reply("one two"))
    live(engine, execution)
    state, kept = START, []
    for event in execution.events:
        kept.append((state, repr(state)))
        state = apply(state, event)
    assert all(repr(before) == text for before, text in kept)


def test_a_plan_can_be_printed():
    """What will happen is a list of values that says what and when, before anything did."""
    _, execution = service(Reply("It is sunny."))
    planned = list(execution.planned)
    assert all(isinstance(one, PlannedEvent) for one in planned)
    assert [type(one.event).__name__ for one in planned] == [
        "Started",
        "StepOpened",
        "ItemOpened",
        "ItemDelta",
        "ItemDelta",
        "ItemDelta",
        "ItemClosed",
        "StepClosed",
        "Ended",
    ]
    assert [one.at - execution.created_at for one in planned if one.is_status] == [1, 8]
    assert "piece=MessageDelta(index=0, piece=Text(value=' sunny.'" in str(planned)


def test_without_a_lifetime_nothing_expires():
    """An execution whose face gives it no lifetime hangs for ever: no deadline is planned or jumped to."""
    engine, execution = service(Hang(), lifetime_seconds=None)
    engine.clock.advance(1_000_000)
    assert (execution.status, execution.next_event_at(), execution.state.phase.deadline) == ("running", None, None)


def test_a_cancel_can_take_effect_at_once():
    """A face whose cancel has no stage in between gets the end at once."""
    engine, execution = service(Hang(), lifetime_seconds=None)
    engine.clock.advance(3)
    execution.cancel(engine.clock.now(), seconds=0)
    assert execution.status == "cancelled"
    assert execution.conversation.active is None


def test_every_name_in_the_table_of_stream_events_is_published():
    """The names that the Assistants face sends are events of the API, and none that a run can have is missing."""
    outcomes = {
        "thread.run.{}": "completed failed incomplete cancelled expired",
        "thread.run.step.{}": "completed failed cancelled expired",
        "thread.message.{}": "completed incomplete",
    }
    sent = {
        name.format(outcome) for names in NAMES.values() for name in names for outcome in outcomes.get(name, "-").split()
    }
    assert sent == set(EVENT_NAMES) - {"error", "done", "thread.created"}


def test_reasoning_takes_time_and_shows_in_the_log_alone():
    """`Reason` is an item of the conversation; a run of the Assistants API only takes longer, polled or streamed."""
    quick, thoughtful = us.Backend(), us.Backend()
    quick.next_run(Reply("Sunny."))
    thoughtful.next_run(Reason("Thinking about Paris."), Reply("Sunny."))
    ran = []
    for backend in (quick, thoughtful):
        assistant(backend)
        client = backend.client()
        run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
        steps = client.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id).data
        assert [step.type for step in steps] == ["message_creation"]
        assert [message.text for message in backend.messages(run.thread_id)] == ["How is the weather?", "Sunny."]
        ran.append(run)
    assert ran[1].completed_at - ran[1].started_at == ran[0].completed_at - ran[0].started_at + 3


def test_a_reason_is_an_item():
    """The log holds what the model thought, piece by piece, before what it said."""
    engine, execution = service(Reason("Thinking about Paris."), Reply("Sunny."))
    live(engine, execution)
    assert [(item.kind, item.state.words, item.state.status) for item in execution.conversation.items][1:] == [
        ("reasoning", "Thinking about Paris.", "completed"),
        ("message", "Sunny.", "completed"),
    ]
    assert execution.state.items[0].chunks == ((0, "Thinking"), (0, " about"), (0, " Paris."))


def test_calls_of_one_step_share_it():
    """Parallel calls are items of one step; what comes after is another."""
    engine, execution = service([FunctionCall("get_weather", {}), FunctionCall("get_time", {})], Reply("Both."))
    live(engine, execution)
    steps = [item.step_id for item in execution.state.items]
    assert steps[0] == steps[1] != steps[2]
    assert [item.output for item in execution.state.items[:2]] == ["sunny", "sunny"]


def test_outputs_are_handed_in_by_an_app_of_the_usual_kind():
    """The app's outputs stand in the log with their calls."""
    backend = us.Backend(script=(FunctionCall("get_weather", {}), Reply("Sunny.")))
    assistant(backend)
    client = backend.client()
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)
    )
    assert "get_weather({}) -> 'get_weather says so'" in str(backend.timeline(run.id))


@given(first=scripts(), second=scripts())
@settings(examples(40))
def test_settling_at_once_is_settling_event_by_event(first, second):
    """Two executions of one service that a single move of the clock carries on are as if it had stopped at each event."""
    stepwise, at_once = _two(first, second), _two(first, second)
    for engine, executions in (stepwise, at_once):
        until = engine.clock.now() + 700
        while engine is stepwise[0] and (times := _next_times(executions, until)):
            engine.clock.move_to(min(times))
        engine.clock.move_to(until)
    for one, other in zip(stepwise[1], at_once[1], strict=True):
        assert one.events == other.events
        assert one.state == other.state == fold(other.events)
        assert list(one.conversation.items) == list(other.conversation.items)


def _two(first: Any, second: Any) -> tuple[Engine, list[Execution]]:
    engine, execution = service(*first)
    engine.scripts.next_run(second, assistant=None, thread=None)
    conversation = Conversation(id="conversation_2", created_at=engine.clock.now())
    return engine, [execution, engine.perform(replace(execution.request, id="execution_2", conversation=conversation))]


def _next_times(executions: list[Execution], until: float) -> list[float]:
    return [at for one in executions if (at := one.next_event_at()) is not None and at <= until]
