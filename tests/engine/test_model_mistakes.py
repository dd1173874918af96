"""What models do besides what is asked of them: made-up calls, filtered and unfinished answers, and what they cost."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from hypothesis import given, settings

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, poll_to_end, run_to_end, thread
from tests.engine.scripts import FILE, scripts
from understudy import CodeInterpreter, Expire, Fail, FunctionCall, Incomplete, Reply, Wait


@pytest.fixture
def backend() -> us.Backend:
    """A backend with the assistant of the tests."""
    backend = us.Backend()
    assistant(backend)
    return backend


def streamed(client: openai.OpenAI, thread_id: str) -> dict[str, Any]:
    """The data of a streamed run's events, by the event's name; the last of each."""
    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=ASSISTANT) as stream:
        return {event.event: event.data for event in stream}


def test_a_made_up_name_is_called_where_the_script_says_so(backend):
    """The run waits for the output of a function it does not have, whose arguments are as the model wrote them."""
    client = backend.client()
    uses = {"tool_uses": [{"recipient_name": "functions.get_time", "parameters": {}}]}
    backend.next_run(
        [FunctionCall("multi_tool_use.parallel", uses, hallucinated=True), FunctionCall("get_time")], Reply("Ok.")
    )
    thread_id = thread(client)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=ASSISTANT)
    names = [call.function.name for call in run.required_action.submit_tool_outputs.tool_calls]
    assert names == ["multi_tool_use.parallel", "get_time"]
    assert poll_to_end(client, run).status == "completed"


def test_a_run_without_tools_can_be_made_up_a_call(backend):
    """A hallucinated call needs no tools at all."""
    client = backend.client()
    backend.next_run(FunctionCall("python", "print(1)", hallucinated=True))
    bare = backend.add_assistant().id
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=bare)
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert (call.function.name, call.function.arguments) == ("python", "print(1)")


def test_the_refusal_of_an_unknown_name_says_how_to_mean_it(backend):
    """A misspelt name is refused with the nearest one, and with the word for a name that is made up on purpose."""
    client = backend.client()
    backend.next_run(FunctionCall("get_wether"))
    with pytest.raises(openai.InternalServerError, match=r"Did you mean 'get_weather'\?.*hallucinated=True"):
        client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
    backend.close()


CUT_OR_WHOLE = [
    (Incomplete("max_completion_tokens"), "max_tokens"),
    (Incomplete("max_prompt_tokens"), None),
    (Incomplete("max_prompt_tokens", cut=True), "max_tokens"),
    (Incomplete("content_filter"), "content_filter"),
    (Incomplete("content_filter", cut=False), None),
]


@pytest.mark.parametrize(("end", "reason"), CUT_OR_WHOLE, ids=lambda value: repr(value))
def test_an_incomplete_run_cuts_its_message_or_leaves_it_whole(backend, end, reason):
    """The message is whole and completed, or incomplete for the reason; the step is completed, the run ends with it."""
    client = backend.client()
    backend.next_run(Reply("I could"), end)
    events = streamed(client, thread(client))
    run, step = events["thread.run.incomplete"], events["thread.run.step.completed"]
    message = events["thread.message.completed" if reason is None else "thread.message.incomplete"]
    assert run.incomplete_details.reason == end.reason
    assert (message.incomplete_details and message.incomplete_details.reason) == reason
    assert (message.completed_at is None, message.incomplete_at is None) == (reason is not None, reason is None)
    assert run.completed_at == step.completed_at == (message.completed_at or message.incomplete_at)
    assert message.content[0].text.value == "I could"


USED = {
    "a call": (FunctionCall("get_weather"), Reply("Sunny.")),
    "a call, failed": (FunctionCall("get_weather"), Fail()),
    "code, failed": (CodeInterpreter("1 + 1"), Fail()),
    "a message cut by a failure": (Reply("Sun"), Fail()),
    "a message cut": (Reply("Sun"), Incomplete()),
    "a whole message, incomplete": (Reply("Sun"), Incomplete("max_prompt_tokens")),
    "incomplete without a word": (Incomplete("content_filter"),),
    "a message, expired": (Reply("Sun"), Expire()),
    "a message cut by the expiry": (Wait(593), Reply("Sun")),
    "code cut by the expiry": (Wait(593), CodeInterpreter("1 + 1")),
}


@pytest.mark.parametrize("script", USED.values(), ids=USED)
def test_what_a_run_used_is_counted_however_it_ends(backend, script):
    """A run that asked the model has prompt tokens, and so has each of its steps, whether it succeeded or not."""
    client = backend.client()
    backend.next_run(*script)
    run = run_to_end(client, thread(client))
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data
    assert run.usage.prompt_tokens > 0
    assert [step.type for step in steps if step.usage.prompt_tokens == 0 or step.usage.completion_tokens == 0] == []


@given(script=scripts())
@settings(examples(40))
def test_no_step_has_an_empty_prompt(script):
    """Whatever the script: a step that is over has prompt tokens, unless it was cancelled."""
    backend = us.Backend(script=script)
    assistant(backend)
    backend.add_file(id=FILE, filename="notes.txt", content="notes")
    client = backend.client()
    run = run_to_end(client, thread(client))
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, limit=100).data
    assert all(step.usage.prompt_tokens > 0 for step in steps if step.status != "cancelled")
    assert run.status == "cancelled" or not steps or run.usage.prompt_tokens > 0
