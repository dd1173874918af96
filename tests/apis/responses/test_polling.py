"""Polling loops written by hand, over background responses: they get there, or are found to be endless."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import openai
import pytest
from openai import OpenAI

import understudy
from understudy import Fail, FunctionCall, Hang, Incomplete, Reply, Wait, simulate

MODEL = "gpt-4o-mini"
TOOL: Any = {"type": "function", "name": "f", "parameters": {}}
OVER = ("completed", "failed", "incomplete", "cancelled")


def poll(client: OpenAI, response: Any, *, until: tuple[str, ...] = OVER, nap: float = 0) -> Any:
    """The loop that the SDK has no helper for."""
    while response.status not in until:
        if nap:
            time.sleep(nap)
        response = client.responses.retrieve(response.id)
    return response


def asked(client: OpenAI, **more: Any) -> Any:
    """A background response."""
    return client.responses.create(model=MODEL, input="x", background=True, **more)


@pytest.mark.parametrize("mode", ["poll", "sleep"])
@pytest.mark.parametrize(
    "script", [(Reply("Yes."),), (Fail(),), (Incomplete("content_filter"),), (Wait(5000), Reply("Late."))], ids=str
)
def test_a_loop_that_knows_every_end_ends(mode: Any, script: Any) -> None:
    """A poll loop ends in every terminal status, however long the response takes, in polled time and in the app's own."""
    with simulate(script=script, time=mode) as backend:
        response = poll(OpenAI(), asked(OpenAI()), nap=60 if mode == "sleep" else 0)
        assert response.status == backend.responses[-1].status


@pytest.mark.parametrize(("mode", "nap"), [("poll", 0), ("manual", 0), ("sleep", 0), ("sleep", 2)])
@pytest.mark.parametrize(
    ("script", "status"),
    [
        ((Fail(),), "failed"),
        ((Incomplete("max_output_tokens"),), "incomplete"),
        ((FunctionCall("f"), Reply("x")), "completed"),
    ],
    ids=str,
)
def test_a_loop_that_waits_for_another_end_is_found(mode: Any, nap: float, script: Any, status: str) -> None:
    """A loop that does not know a terminal status is answered 501, by the response's id and its status."""
    with pytest.raises(understudy.errors.Livelock), simulate(script=script, time=mode) as backend:
        client = OpenAI()
        response = asked(client, tools=[TOOL])
        backend.clock.advance(60)
        text = rf"{response.id} is '{status}', and will stay so\. A loop that waits for another status never ends"
        with pytest.raises(openai.InternalServerError, match=text):
            poll(client, response, until=("cancelled",), nap=nap)


@pytest.mark.parametrize(("mode", "nap"), [("poll", 0), ("sleep", 5)])
def test_a_response_that_hangs_is_not_polled_for_ever(mode: Any, nap: float) -> None:
    """A response that never ends and is never cancelled is found after ten minutes; nothing would ever expire it."""
    with pytest.raises(understudy.errors.Livelock), simulate(script=Hang(), time=mode):
        client = OpenAI()
        response = asked(client)
        with pytest.raises(openai.InternalServerError, match=f"{response.id} is 'in_progress', and never ends"):
            poll(client, response, nap=nap)


@pytest.mark.parametrize(("mode", "nap"), [("poll", 0), ("sleep", 5)])
def test_a_deadline_of_its_own_is_no_livelock(mode: Any, nap: float) -> None:
    """A loop that cancels after nine minutes is left in peace."""
    with simulate(script=Hang(), time=mode) as backend:
        client = OpenAI()
        response, began = asked(client), backend.clock.now()
        while response.status not in OVER:
            if backend.clock.now() - began > 540:
                response = client.responses.cancel(response.id)
            else:
                time.sleep(nap) if nap else None
                response = client.responses.retrieve(response.id)
        assert response.status == "cancelled"


@pytest.mark.parametrize("mode", ["poll", "manual", "sleep"])
def test_a_locked_conversation_is_not_asked_for_ever(mode: Any) -> None:
    """A create sent again as long as its conversation is locked is found out, by the response that locks it."""
    with pytest.raises(understudy.errors.Livelock), simulate(script=Hang(), time=mode) as backend:
        client, made = OpenAI(), backend.add_conversation()
        first = asked(client, conversation=made.id)
        codes = set()
        with pytest.raises(openai.InternalServerError, match=f"{first.id} is '(queued|in_progress)', and"):
            while True:
                try:
                    client.responses.create(model=MODEL, input="y", conversation=made.id)
                except openai.BadRequestError as error:
                    codes.add(error.code)
                    time.sleep(2) if mode == "sleep" else None
        assert codes == {"conversation_locked"}


def test_whoever_retries_gets_in_by_polled_time() -> None:
    """With the clock moved by asking, a create that is sent again a few times gets its turn."""
    with simulate(script=(Wait(500), Reply("Yes."))) as backend:
        client, made, refused = OpenAI(), backend.add_conversation(), 0
        asked(client, conversation=made.id)
        while refused < 5:
            try:
                response = client.responses.create(model=MODEL, input="y", conversation=made.id)
                break
            except openai.BadRequestError:
                refused += 1
        assert (response.output_text, refused) == ("Yes.", 3)


def test_whoever_waits_for_the_lock_gets_in() -> None:
    """With the app's own sleeping, a lock is waited for as long as the response takes that holds it."""
    with simulate(script=(Wait(500), Reply("Yes.")), time="sleep") as backend:
        client, made, refused = OpenAI(), backend.add_conversation(), 0
        asked(client, conversation=made.id)
        while True:
            try:
                response = client.responses.create(model=MODEL, input="y", conversation=made.id)
                break
            except openai.BadRequestError:
                refused += 1
                time.sleep(1)
        assert refused > 400
        assert response.output_text == "Yes."


def test_items_of_a_conversation_can_be_polled_for() -> None:
    """An app that only lists the items of a conversation sees the answer of a background response come."""
    with simulate(script=Reply("Yes.")) as backend:
        client, made = OpenAI(), backend.add_conversation()
        asked(client, conversation=made.id)
        for _ in range(40):
            newest = client.conversations.items.list(made.id, limit=1).data[0]
            if newest.type == "message" and newest.role == "assistant" and newest.status == "completed":
                break
        assert newest.content[0].text == "Yes."


def test_a_completed_response_can_be_looked_at() -> None:
    """Looking at a response that has ended with calls moves no clock."""
    with simulate(script=(FunctionCall("f"), Reply("x"))) as backend:
        client = OpenAI()
        response = client.responses.create(model=MODEL, input="x", tools=[TOOL])
        before = backend.clock.now()
        for _ in range(5):
            assert client.responses.retrieve(response.id).status == "completed"
        assert backend.clock.now() == before


def transcript(pollers: int) -> list[Any]:
    """What so many threads see, each of which polls a background response of its own."""
    with simulate(script=(Wait(3), FunctionCall("f"), Reply("Yes."))) as backend:
        client = OpenAI()
        seen: dict[int, list[str]] = {}
        started = [asked(client, tools=[TOOL]) for _ in range(pollers)]

        def follow(number: int) -> None:
            response = poll(client, started[number])
            call = response.output[0]
            output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": str(number)}
            again = client.responses.create(
                model=MODEL, input=[output], previous_response_id=response.id, background=True, tools=[TOOL]
            )
            seen[number] = [response.status, call.name, poll(client, again).output_text]

        threads = [threading.Thread(target=follow, args=(number,)) for number in range(pollers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not backend.problems
        return [*sorted(seen.items()), sorted(response.status for response in backend.responses)]


@pytest.mark.parametrize(("pollers", "times"), [(8, 5), pytest.param(50, 50, marks=pytest.mark.deep)])
def test_pollers_see_the_same_every_time(pollers: int, times: int) -> None:
    """Threads that each poll a response of their own see the same, whatever order they run in."""
    first = transcript(pollers)
    assert [entry[1] for entry in first[:-1]] == [["completed", "f", "Yes."]] * pollers
    assert all(transcript(pollers) == first for _ in range(times - 1))


def test_an_item_of_the_chain_is_not_sent_again() -> None:
    """The history besides the chain, or besides the conversation, has an item twice; either alone is taken."""
    with simulate(script=(FunctionCall("f"), Reply("Yes."))) as backend:
        client = OpenAI()
        first = client.responses.create(model=MODEL, input="x", tools=[TOOL])
        call = first.output[0]
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "1"}
        history: Any = [{"role": "user", "content": "x"}, call.to_dict(), output]
        text = re.escape(f"Duplicate item found with id {call.id}. Remove duplicate items from your input and try again.")
        with pytest.raises(openai.BadRequestError, match=text):
            client.responses.create(model=MODEL, input=history, previous_response_id=first.id, tools=[TOOL])
        assert client.responses.create(model=MODEL, input=history, tools=[TOOL]).output_text == "Yes."
        second = client.responses.create(model=MODEL, input=[output], previous_response_id=first.id, tools=[TOOL])
        assert second.output_text == "Yes."
        with pytest.raises(openai.BadRequestError, match=text):
            client.responses.create(model=MODEL, input=[call.to_dict(), output], previous_response_id=second.id)
        made = backend.add_conversation()
        third = client.responses.create(model=MODEL, input="x", tools=[TOOL], conversation=made.id)
        with pytest.raises(openai.BadRequestError, match="Duplicate item found"):
            client.responses.create(model=MODEL, input=[third.output[0].to_dict(), output], conversation=made.id)
