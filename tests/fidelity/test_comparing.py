"""What counts as a difference, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy.cassettes.interaction import Interaction
from understudy.fidelity.answers import Served, compared
from understudy.fidelity.bindings import Bindings
from understudy.fidelity.drive import replay
from understudy.fidelity.target import Simulated

ASSISTANT = {"id": "asst_" + "a" * 24, "object": "assistant", "created_at": 1_760_000_000, "name": None, "metadata": {}}
OTHER = "asst_" + "b" * 24


def differences(recorded: Any, served: Any, bindings: Bindings | None = None) -> list[str]:
    headers = (("content-type", "application/json"),)
    exchange = Interaction(index=0, method="GET", url="/assistants/x", headers=headers, body=json.dumps(recorded).encode())
    answer = Served(200, headers, json.dumps(served).encode())
    return [str(difference) for difference in compared(exchange, answer, bindings or Bindings())]


def test_ids_and_times_are_masked() -> None:
    """An id may be another and a time later."""
    assert differences(ASSISTANT, ASSISTANT | {"id": OTHER, "created_at": 1_700_000_000}) == []


def test_an_id_stands_for_one_id_only() -> None:
    """What was bound once is held to it."""
    bindings = Bindings()
    assert differences(ASSISTANT, ASSISTANT | {"id": OTHER}, bindings) == []
    assert differences(ASSISTANT, ASSISTANT | {"id": "asst_" + "c" * 24}, bindings)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name: recorded None, served '' (type)"),
        ({"metadata": {"a": "b"}}, "metadata: recorded {}, served {'a': 'b'} (value)"),
        ({"created_at": 1.5}, "created_at: recorded 1760000000, served 1.5 (type)"),
        ({"surplus": 1}, "surplus is 1, but was never recorded"),
        ({"id": "thread_" + "b" * 24}, "id: recorded 'asst_"),
    ],
)
def test_everything_else_is_told(change: dict[str, Any], told: str) -> None:
    """A null, a type, a value, a key and a prefix that differ are each told with their place."""
    [difference] = differences(ASSISTANT, ASSISTANT | change)
    assert difference.startswith(told)


def test_a_missing_key_and_another_order_are_told() -> None:
    """Keys have to be there, in the recorded order."""
    without = {key: ASSISTANT[key] for key in ASSISTANT if key != "name"}
    assert differences(ASSISTANT, without) == ["name is missing (recorded None)"]
    [order] = differences(ASSISTANT, dict(reversed(ASSISTANT.items())))
    assert order.endswith("(order)")


def test_keys_that_came_later_are_not_held_against_the_service() -> None:
    """A recording from before March 2025 cannot have `reasoning_effort`; one from after it must."""
    served = ASSISTANT | {"reasoning_effort": None}
    old, new = ASSISTANT | {"created_at": 1_710_000_000}, ASSISTANT
    assert differences(old, served) == []
    assert differences(new, served)


def test_what_was_there_before_is_seeded() -> None:
    """A session that only reads a finished run finds it: its thread, its assistant and what it wrote are made up for it."""
    thread, run, assistant = "thread_" + "t" * 24, "run_" + "r" * 24, "asst_" + "a" * 24
    message = {
        "id": "msg_" + "m" * 24,
        "object": "thread.message",
        "created_at": 1_760_000_005,
        "assistant_id": assistant,
        "thread_id": thread,
        "run_id": run,
        "role": "assistant",
        "content": [{"type": "text", "text": {"value": "It is 4.", "annotations": []}}],
        "attachments": [],
        "metadata": {},
    }
    headers = (("content-type", "application/json"),)
    beta = (("openai-beta", "assistants=v2"),)
    path = f"https://api.openai.com/v1/threads/{thread}/messages/{message['id']}"
    asked = Interaction(
        index=0, method="GET", url=path, request_headers=beta, headers=headers, body=json.dumps(message).encode()
    )
    [outcome] = replay([asked], Simulated())
    assert [str(difference) for difference in outcome.differences] == []
