"""Polling and streaming agree: one timeline, two views."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, reject, settings
from hypothesis import strategies as st

import understudy as us
from tests.effort import examples
from tests.engine.app import ASSISTANT, assistant, poll_to_end, run_to_end, thread
from tests.engine.following import Followed, follow, follow_async
from tests.engine.scripts import FILE, scripts
from understudy._apis.assistants.views import to_rest


def world(script: tuple[Any, ...]) -> us.Backend:
    backend = us.Backend(script=script)
    assistant(backend)
    backend.add_file(id=FILE, filename="notes.txt", content="notes")
    return backend


def plain(value: Any) -> Any:
    """An accumulated value without what only deltas carry: indexes, and a citation's empty quote."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in ("index", "quote")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def check_against_rest(backend: us.Backend, followed: Followed) -> None:
    """What the handlers accumulated is what REST returns, the view differences aside."""
    client = backend.client()
    runs, where = client.beta.threads.runs, {"thread_id": followed.run["thread_id"]}
    run_id = followed.run["id"]
    assert to_rest(followed.run) == runs.retrieve(run_id, **where).to_dict()

    steps = [step.to_dict() for step in runs.steps.list(run_id, **where, order="asc", limit=100)]
    assert [to_rest(step) for step in followed.steps_done.values()] == steps
    for step in steps:
        if step["step_details"]["type"] == "tool_calls" and step["id"] in followed.steps_accumulated:
            check_calls(followed.steps_accumulated[step["id"]], step["step_details"])

    messages = client.beta.threads.messages.list(**where, order="asc", run_id=run_id, limit=100)
    shown = {message.id: message.to_dict() for message in messages}
    assert {key: to_rest(message) for key, message in followed.messages.items()} == shown
    for key, content in followed.messages_accumulated.items():
        assert plain(content) == shown[key]["content"]


def check_calls(accumulated: Any, final: Any) -> None:
    """Deltas concatenate to the final calls, but for what comes later: a function's output, a search's results."""
    for so_far, call in zip(accumulated["tool_calls"], final["tool_calls"], strict=True):
        if call["type"] == "function":
            assert plain(so_far["function"]) == call["function"] | {"output": None}
        elif call["type"] == "code_interpreter":
            assert plain(so_far["code_interpreter"]) == call["code_interpreter"]
        assert so_far["id"] == call["id"]


@given(script=scripts(), with_thread=st.booleans())
@settings(examples(120))
def test_what_a_handler_accumulates_is_what_rest_returns(script, with_thread):
    """For any script, streamed from runs, threads/runs and submits: the accumulated objects equal the polled ones."""
    backend = world(script)
    client = backend.client()
    followed = follow(client, None if with_thread else thread(client))
    check_against_rest(backend, followed)
    assert backend.problems == []


@given(script=scripts(most=3), cancel_at=st.integers(2, 25))
@settings(examples(80))
def test_a_run_cancelled_while_it_streams(script, cancel_at):
    """Cancelled after any event: the stream goes on to `cancelled` (or the end that was sooner), and agrees with REST."""
    backend = world(script)
    client = backend.client()
    thread_id = thread(client)
    try:
        followed = follow(client, thread_id, cancel_at=cancel_at)
    except IndexError:
        # No SDK follows a second message that is cut before its first delta: they look for content in it.
        assert any(message.content == [] for message in backend.messages(thread_id))
        reject()
    names = [name for name, _ in followed.events]
    if "thread.run.cancelling" in names:
        after = names[names.index("thread.run.cancelling") + 1 :]
        assert after[-1] in ("thread.run.cancelled", "thread.run.completed")
        assert followed.run["status"] in ("cancelled", "completed")
    check_against_rest(backend, followed)


@given(script=scripts(most=3), with_thread=st.booleans())
@settings(examples(40))
def test_async_streams_are_the_same_streams(script, with_thread):
    """The async client gets the very same events, and accumulates the same."""
    backend, other = world(script), world(script)
    client = backend.client()
    followed = follow(client, None if with_thread else thread(client))

    async def run() -> Followed:
        client = other.async_client()
        thread_id = None if with_thread else thread(other.client())
        return await follow_async(client, thread_id)

    again = asyncio.run(run())
    assert again.events == followed.events
    check_against_rest(other, again)


@given(script=scripts())
@settings(examples(60))
def test_polled_and_streamed_runs_end_the_same(script):
    """The same script polled in one world and streamed in another leaves equal runs, steps and messages, times included."""
    polled, streamed = world(script), world(script)
    client = polled.client()
    run = run_to_end(client, thread(client))
    followed = follow(streamed.client(), thread(streamed.client()))
    assert polled.runs == streamed.runs
    assert polled.messages(run.thread_id) == streamed.messages(followed.run["thread_id"])
    steps = [step.to_dict() for step in client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")]
    assert steps == [to_rest(step) for step in followed.steps_done.values()]


@given(script=scripts())
@settings(examples(60))
def test_usage_is_the_sum_of_the_steps(script):
    """A run's usage is the sum of its steps' usages where it has any, null before the end."""
    backend = world(script)
    client = backend.client()
    run = client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)
    assert run.usage is None
    run = poll_to_end(client, run)
    steps = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, limit=100)
    assert not steps.data or run.usage.total_tokens == sum(step.usage.total_tokens for step in steps)
