"""What counts as a difference, and what does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from understudy._apis.common import sse
from understudy._cassettes.interaction import Interaction
from understudy._fidelity.answers import Served, compared
from understudy._fidelity.bindings import Bindings
from understudy._fidelity.runner import replay
from understudy._fidelity.target import Simulated

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


JSON, STREAM = ("content-type", "application/json"), ("content-type", "text/event-stream; charset=utf-8")


def told(recorded: Interaction, served: Served, *, shape: bool = False) -> list[str]:
    return [str(difference) for difference in compared(recorded, served, Bindings(), shape=shape)]


def test_headers_are_compared() -> None:
    """A type of content that is another, and a request id that is not there, are differences; a new header is none."""
    recorded = Interaction(index=0, method="GET", url="/x", headers=(JSON, ("x-request-id", "req_1")), body=b"{}")
    served = Served(200, (("content-type", "text/plain"), ("server", "mine")), b"{}")
    assert told(recorded, served) == [
        "!header content-type: recorded 'application/json', served 'text/plain' (header)",
        "!header x-request-id: recorded 'req_1', served None (header)",
    ]


def test_bytes_are_compared() -> None:
    """A body that is no JSON has to be the same, byte for byte; where only shapes count, any will do."""
    recorded = Interaction(index=0, method="GET", url="/files/x/content", headers=(JSON,), body=b"soup")
    served = Served(200, (JSON,), b"stew")
    assert told(recorded, served) == ["the body: recorded b'soup', served b'stew' (value)"]
    assert told(recorded, served, shape=True) == []


def test_streams_are_compared_event_by_event() -> None:
    """The first event that is another is told with what comes after; by shape, only events of the same name are compared."""
    status = {"object": "thread.run", "status": "queued"}
    one, other = (
        b"".join(sse.render(name, data) for name, data in events)
        for events in (
            [("a", status), ("b", status)],
            [("a", status | {"status": "x"}), ("c", status), ("b", {"object": 5})],
        )
    )
    recorded = Interaction(index=0, method="POST", url="/threads/runs", headers=(STREAM,), body=one)
    served = Served(200, (STREAM,), other)
    assert told(recorded, served) == [
        "events[1]: recorded ['b'], served ['c', 'b'] (events)",
        "events[0] a: status: recorded 'queued', served 'x' (value)",
    ]
    assert told(recorded, served, shape=True) == [
        "events[1] b: object: recorded 'thread.run', served 5 (type)",
        "events[1] b: status is missing (recorded 'queued')",
    ]


def test_another_kind_of_step_has_no_shape_in_common() -> None:
    """Where the model may do as it likes, a step that calls tools is not compared with one that writes a message."""
    recorded = Interaction(
        index=0, method="GET", url="/x", headers=(JSON,), body=b'{"type": "tool_calls", "tool_calls": []}'
    )
    assert told(recorded, Served(200, (JSON,), b'{"type": "message_creation"}'), shape=True) == []


def test_a_lifetime_is_compared() -> None:
    """When something expires is masked, but not how long it lives."""
    store = {"object": "vector_store", "last_active_at": 100, "expires_at": 160}
    [difference] = differences(store, {**store, "last_active_at": 500, "expires_at": 600})
    assert difference == "expires_at: recorded 'last_active_at + 60', served 'last_active_at + 100' (value)"


def test_what_cannot_be_set_up_is_told() -> None:
    """A session that needs what cannot be made says so at the exchange, with the reason, and goes on."""
    beta, path = (("openai-beta", "assistants=v2"),), "https://api.openai.com/v1/vector_stores/vs_1"
    shown = {"id": "vs_1", "object": "vector_store", "created_at": 1_760_000_000, "expires_after": {"days": "many"}}
    asked = Interaction(
        index=0, method="GET", url=path, request_headers=beta, headers=(JSON,), body=json.dumps(shown).encode()
    )
    outcome, again = replay([asked, replace(asked, index=1)], Simulated())
    [difference] = outcome.differences
    assert difference.path == "!set-up"
    assert "!status: recorded 200, served \"404 No vector store found with id 'vs_1'.\" (status)" in map(
        str, again.differences
    )
    assert "expires_after" in str(difference)


@pytest.mark.parametrize("sent", [None, b"{broken"])
def test_a_file_whose_form_is_lost_is_uploaded_all_the_same(sent: bytes | None) -> None:
    """A form that a recorder lost is put together from the answer; what is no JSON is sent as it is, and refused."""
    shown = {"id": "file-" + "a" * 22, "object": "file", "created_at": 1_760_000_000, "filename": "a.txt"}
    shown |= {"purpose": "assistants", "bytes": 7, "status": "processed"}
    asked = Interaction(
        index=0,
        method="POST",
        url="https://api.openai.com/v1/files",
        request_headers=(("content-type", "multipart/form-data; boundary=x"),),
        request_body=sent,
        headers=(JSON,),
        body=json.dumps(shown).encode(),
    )
    [outcome] = replay([asked], Simulated())
    assert outcome.served is not None
    if sent is None:
        assert (outcome.served.json["filename"], outcome.served.json["purpose"]) == ("a.txt", "assistants")
    else:
        assert "!status: recorded 200, served '400 Could not parse multipart form' (status)" in map(str, outcome.differences)


def test_what_v1_did_is_left_out() -> None:
    """An exchange recorded with the v1 header is not sent, and it is said why."""
    beta = (("openai-beta", "assistants=v1"),)
    asked = Interaction(index=0, method="GET", url="/v1/assistants", request_headers=beta, headers=(JSON,), body=b"{}")
    [outcome] = replay([asked], Simulated())
    assert outcome.left_out == "recorded with the v1 header, which is not what v2 did"


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
