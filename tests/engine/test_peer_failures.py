"""What other simulators of this API got wrong: each of their failures is a test that passes here."""

from __future__ import annotations

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, outputs_for, poll_to_end, run_to_end, thread
from understudy import FunctionCall, Hang, Reply


@pytest.fixture
def ready(understudy):
    """A backend, a client, and a thread with a message."""
    assistant(understudy)
    client = understudy.client()
    return understudy, client, thread(client)


def test_create_and_poll_ends(ready):
    """create_and_poll comes back with a completed run, without any preparation."""
    _, client, thread_id = ready
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    assert run.status == "completed"


def test_a_stream_yields_events(ready):
    """stream=True gives events and text, not one JSON body."""
    backend, client, thread_id = ready
    backend.next_run(Reply("streamed"))
    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=ASSISTANT) as stream:
        assert "".join(stream.text_deltas) == "streamed"


def test_submit_validates(ready):
    """Outputs for calls that were never made are refused."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather"), Reply("x"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    with pytest.raises(openai.BadRequestError, match="Expected tool outputs"):
        client.beta.threads.runs.submit_tool_outputs(
            run.id, thread_id=thread_id, tool_outputs=[{"tool_call_id": "call_none", "output": "x"}]
        )


def test_locks_hold(ready):
    """While a run is active its thread takes neither a message nor another run."""
    _, client, thread_id = ready
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    with pytest.raises(openai.BadRequestError, match=f"Can't add messages to {thread_id} while a run {run.id} is active"):
        client.beta.threads.messages.create(thread_id, role="user", content="And?")
    with pytest.raises(openai.BadRequestError, match=f"Thread {thread_id} already has an active run {run.id}"):
        client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    poll_to_end(client, run)
    client.beta.threads.messages.create(thread_id, role="user", content="And?")


def test_a_cancelled_run_stays_cancelled(ready):
    """Cancelling leads to cancelled, which no poll changes, and no answer appears."""
    backend, client, thread_id = ready
    backend.next_run(Reply("never said"))
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    assert client.beta.threads.runs.cancel(run.id, thread_id=thread_id).status == "cancelling"
    run = poll_to_end(client, run)
    assert (run.status, run.usage.total_tokens) == ("cancelled", 0)
    for _ in range(5):
        assert client.beta.threads.runs.retrieve(run.id, thread_id=thread_id).status == "cancelled"
    assert len(backend.messages(thread_id)) == 1


def test_a_cancelled_run_was_free_of_charge(ready):
    """What a cancelled run had used until then is not told: zeros, a second after the cancel."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather"), Hang())
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    run = runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs_for(run))
    (step,) = runs.steps.list(run.id, thread_id=thread_id).data
    assert step.usage.total_tokens > 0
    before = backend.clock.now()
    runs.cancel(run.id, thread_id=thread_id)
    run = poll_to_end(client, run)
    assert (run.status, run.cancelled_at, run.usage.total_tokens) == ("cancelled", before + 1, 0)


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_finished_run_refuses_cancel(ready, status):
    """A run that is over cannot be cancelled, and keeps its status."""
    backend, client, thread_id = ready
    backend.next_run(Hang() if status == "cancelled" else Reply("x"))
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    if status == "cancelled":
        client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    poll_to_end(client, run)
    with pytest.raises(openai.BadRequestError, match=f"Cannot cancel run with status '{status}'"):
        client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    assert backend.runs[-1].status == status


def test_expiry_happens(ready):
    """A run that nobody serves expires, and frees its thread."""
    backend, client, thread_id = ready
    backend.next_run(FunctionCall("get_weather"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    while (run := client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)).status == "requires_action":
        pass
    assert run.status == "expired"
    assert run_to_end(client, thread_id).status == "completed"


def test_additional_messages_and_instructions_act(ready):
    """Additional messages land on the thread before the run; additional instructions are appended to the run's own."""
    backend, client, thread_id = ready
    backend.every_run(lambda run: Reply(f"{run.last_user_text} | {run.instructions}"))
    run = run_to_end(
        client,
        thread_id,
        additional_messages=[{"role": "user", "content": "Second."}],
        additional_instructions="Be kind.",
    )
    texts = [message.text for message in backend.messages(thread_id)]
    assert texts[:2] == ["How is the weather?", "Second."]
    assert run.instructions.startswith("Be brief.")
    assert run.instructions.endswith("Be kind.")
    assert texts[2] == f"Second. | {run.instructions}"


def test_run_fields_are_inherited_and_overridden(understudy):
    """What the run does not say it has from the assistant, what it says it has its own way."""
    client = understudy.client()
    made = client.beta.assistants.create(
        model="gpt-4o", instructions="Old.", temperature=0.3, top_p=0.5, tools=[{"type": "code_interpreter"}]
    )
    thread_id = thread(client)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=made.id)
    assert (run.model, run.instructions, run.temperature, run.top_p) == ("gpt-4o", "Old.", 0.3, 0.5)
    assert [tool.type for tool in run.tools] == ["code_interpreter"]
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=made.id, model="gpt-4o-mini", instructions="New.", temperature=1, tools=[]
    )
    assert (run.model, run.instructions, run.temperature, run.top_p) == ("gpt-4o-mini", "New.", 1.0, 0.5)
    assert run.tools == []


@pytest.mark.parametrize("case", range(3))
def test_nothing_is_shared_between_cases(understudy, case):
    """Each parametrised case begins with an empty service."""
    assert (understudy.threads, understudy.runs, understudy.requests, understudy.scripts_left) == ([], [], [], [])
    assistant(understudy)
    run_to_end(understudy.client(), thread(understudy.client()))
    assert len(understudy.runs) == 1


@given(st.integers(1, 3))
@settings(examples(5))
def test_nothing_is_shared_between_examples(runs):
    """Each hypothesis example that makes its own world has it to itself."""
    with us.simulate() as backend:
        client = backend.client()
        assistant(backend)
        for _ in range(runs):
            run_to_end(client, thread(client))
        assert len(backend.runs) == runs


def test_worlds_nest():
    """The innermost world answers; the outer one goes on where it was."""
    with us.simulate(seed=1) as outer:
        client = openai.OpenAI()
        client.beta.threads.create()
        with us.simulate(seed=2) as inner:
            client.beta.threads.create()
            openai.OpenAI().beta.threads.create()
        client.beta.threads.create()
    assert (len(outer.threads), len(inner.threads)) == (2, 2)
