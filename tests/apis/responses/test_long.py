"""Long conversations and chains cost what short ones do: counted in function calls, not in time."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from openai import OpenAI

from understudy import FunctionCall, Reply, simulate

ASKED: Any = {"model": "gpt-4o", "tools": [{"type": "function", "name": "f"}]}


def calls_of(work: Callable[[], Any]) -> int:
    """How many functions are called by some work: the least of three times, as caches may be filled in one of them."""
    return min(_counted(work) for _ in range(3))


def _counted(work: Callable[[], Any]) -> int:
    count = 0

    def note(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.disable()  # what the garbage of earlier tests calls when it is collected does not count
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


# Answers are not made objects of the SDK: what pydantic calls for that depends on what was parsed before, by any test.


def create(client: OpenAI, **more: Any) -> Any:
    """The JSON of a new response."""
    return client.responses.with_raw_response.create(**ASKED, **more).http_response.json()


def turn(client: OpenAI, **more: Any) -> str:
    """One turn with a tool call in it; gives the id of the last response."""
    response = create(client, input="And now?", **more)
    outputs: Any = [
        {"type": "function_call_output", "call_id": item["call_id"], "output": "1"}
        for item in response["output"]
        if item["type"] == "function_call"
    ]
    if "conversation" not in more:
        more["previous_response_id"] = response["id"]
    answer: str = create(client, input=outputs, **more)["id"]
    return answer


def past_turn(number: str) -> list[Any]:
    """The items of a turn with a call, as the app puts them into a conversation."""
    return [
        {"type": "message", "role": "user", "content": "And now?"},
        {"type": "function_call", "name": "f", "arguments": "{}", "call_id": f"call_{number}"},
        {"type": "function_call_output", "call_id": f"call_{number}", "output": "1"},
        {"type": "message", "role": "assistant", "content": "Yes."},
    ]


@pytest.fixture
def client():
    """A client before a service whose every turn calls a function."""
    with simulate(script=(FunctionCall("f"), Reply("Yes."))) as backend:
        yield backend.client()


def test_a_turn_of_a_long_conversation(client: OpenAI) -> None:
    """The 1,000th turn of a conversation costs at most 1.2 times what the second costs; so does a look at its items."""
    held = client.conversations.create().id
    turn(client, conversation=held)
    short = calls_of(lambda: turn(client, conversation=held))
    for _ in range(9):  # longer than a page
        turn(client, conversation=held)
    short_list = calls_of(lambda: client.conversations.items.with_raw_response.list(held, limit=20))
    for number in range(200):
        client.conversations.items.create(held, items=[item for each in range(5) for item in past_turn(f"{number}_{each}")])
    turn(client, conversation=held)
    assert calls_of(lambda: turn(client, conversation=held)) <= 1.2 * short
    assert calls_of(lambda: client.conversations.items.with_raw_response.list(held, limit=20)) <= 1.2 * short_list


def test_a_turn_of_a_long_chain(client: OpenAI) -> None:
    """The 200th turn along `previous_response_id` costs at most 1.2 times what the second costs, in calls and in memory."""
    latest = turn(client)
    latest = turn(client, previous_response_id=latest)
    short = calls_of(lambda: turn(client, previous_response_id=latest))
    tracemalloc.start()
    kept = []
    for number in range(196):
        latest = turn(client, previous_response_id=latest)
        if number in (40, 90, 140, 190):
            kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert calls_of(lambda: turn(client, previous_response_id=latest)) <= 1.2 * short
    grown = [after - before for before, after in pairwise(kept)]
    assert max(grown) <= 1.3 * min(grown)


def test_the_input_of_a_long_chain_is_read_as_far_as_it_is_asked_for(client: OpenAI) -> None:
    """A page of the items that a response was made from costs the same at the end of a chain of 200 as of one of 20."""
    latest = turn(client)
    lists = []
    for number in range(2, 201):
        latest = turn(client, previous_response_id=latest)
        if number in (20, 200):
            lists.append(calls_of(lambda: client.responses.input_items.with_raw_response.list(latest, limit=20)))  # noqa: B023 - called at once
    assert lists[1] <= 1.2 * lists[0]
