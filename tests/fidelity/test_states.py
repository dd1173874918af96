"""What a session needs of the service, or was told by it, at a certain moment: states, counts, streams left early."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import Exchange, listed, written
from understudy._cassettes import load
from understudy._cassettes.interaction import Interaction
from understudy._fidelity.runner import Outcome, replay
from understudy._fidelity.score import Score
from understudy._fidelity.target import Simulated
from understudy._reconstruct.field_dates import Eras
from understudy.scripts import Reply

DAY = 1_785_000_000  # in July 2026
THREAD, RUN, ASSISTANT = f"thread_{'t' * 24}", f"run_{'r' * 24}", f"asst_{'a' * 24}"
STORE, FILE, BATCH = f"vs_{'b' * 24}", f"file-{'f' * 22}", f"vsfb_{'c' * 24}"


HEADERS = (("content-type", "application/json"), ("openai-beta", "assistants=v2"))


def started() -> Simulated:
    """A simulated service on the day of these recordings."""
    target = Simulated()
    target.restart(DAY)
    return target


def played(path: Path, *exchanges: Exchange) -> list[Outcome]:
    """The outcomes of a session that was recorded like this."""
    session = load(written(path / "c.json", exchanges))
    return replay([replace(exchange, request_headers=HEADERS) for exchange in session], Simulated())


def told(outcome: Outcome) -> list[str]:
    """The differences of an outcome, as they are printed."""
    return [str(difference) for difference in outcome.differences]


def answer_of(method: str, path: str, body: Any, target: Simulated) -> Any:
    """What the simulated service answers, as JSON."""
    return target.send(method, path, HEADERS, b"" if body is None else json.dumps(body).encode()).json


def test_another_api_is_left_out(tmp_path: Path) -> None:
    """A request to an API that is not simulated is not sent, and it is said why."""
    [outcome] = played(tmp_path, ("POST", "/chat/completions", {}, {"id": "chatcmpl-1"}))
    assert outcome.left_out == "belongs to another API, which is not simulated"


def test_a_message_after_a_run_that_was_not_polled(tmp_path: Path) -> None:
    """An app that just waited until its run was over, and went on: so does the service, before it is asked."""
    target = started()
    assistant = answer_of("POST", "/assistants", {"model": "gpt-4o", "name": "x"}, target)
    thread = answer_of("POST", "/threads", {"messages": [{"role": "user", "content": "hi"}]}, target)
    run = answer_of("POST", f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]}, target)
    target.advance(60)
    message = answer_of("POST", f"/threads/{thread['id']}/messages", {"role": "user", "content": "And?"}, target)
    assert message["object"] == "thread.message"
    outcomes = played(
        tmp_path,
        ("POST", "/assistants", {"model": "gpt-4o", "name": "x"}, assistant),
        ("POST", "/threads", {"messages": [{"role": "user", "content": "hi"}]}, thread),
        ("POST", f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]}, run),
        ("POST", f"/threads/{thread['id']}/messages", {"role": "user", "content": "And?"}, message),
    )
    assert [told(outcome) for outcome in outcomes] == [[]] * 4


def test_a_store_of_which_counts_are_shown(tmp_path: Path) -> None:
    """A store that was there before holds as many files, and as many that failed, as its counts say."""
    counts = {"in_progress": 0, "completed": 1, "failed": 2, "cancelled": 0, "total": 3}
    [outcome] = played(tmp_path, ("GET", f"/vector_stores/{STORE}", None, {"object": "vector_store", "id": STORE}))
    assert outcome.served is not None
    shown = outcome.served.json | {"id": STORE, "created_at": DAY, "last_active_at": DAY, "file_counts": counts}
    [outcome] = played(tmp_path, ("GET", f"/vector_stores/{STORE}", None, shown))
    assert [one for one in told(outcome) if "file_counts" in one] == []
    assert outcome.served is not None
    assert outcome.served.json["file_counts"] == counts


def test_a_long_conversation_that_was_there_before(tmp_path: Path) -> None:
    """More items than one request takes are put into it before it is read, in their order."""
    items = [
        {
            "id": f"msg_{number:050d}",
            "type": "message",
            "status": "completed",
            "content": [{"type": "input_text", "text": f"text {number}"}],
            "role": "user",
        }
        for number in range(45)
    ]
    page = listed(*items) | {"first_id": items[0]["id"], "last_id": items[-1]["id"]}
    path = f"/conversations/conv_{'1' * 48}/items?order=asc&limit=100"
    [outcome] = played(tmp_path, ("GET", path, None, page))
    assert outcome.served is not None
    assert [item["content"] for item in outcome.served.json["data"]] == [item["content"] for item in items]
    assert told(outcome) == []


@pytest.mark.parametrize("over", [True, False], ids=["completed", "in progress"])
def test_a_batch_that_was_cancelled(over: bool, tmp_path: Path) -> None:
    """A batch that was over when it was cancelled is over here, too; one that was not is cancelled on its way."""
    target = started()
    target.seed("add_file", id=FILE, content=b"soup")
    target.seed("add_vector_store", id=STORE)
    path = f"/vector_stores/{STORE}/file_batches"
    batch = answer_of("POST", path, {"file_ids": [FILE]}, target)
    target.advance(60 if over else 0)
    cancelled = answer_of("POST", f"{path}/{batch['id']}/cancel", None, target)
    assert (cancelled["status"] == "completed") is over
    made = ("POST", path, {"file_ids": [FILE]}, batch)
    outcomes = played(tmp_path, made, ("POST", f"{path}/{batch['id']}/cancel", None, cancelled))
    assert [told(outcome) for outcome in outcomes] == [[], []]


@pytest.mark.parametrize(("day", "is_explained"), [(1_757_000_000, True), (DAY, False)], ids=["2025-09", "2026-07"])
def test_files_of_one_second_in_another_order(day: int, is_explained: bool, tmp_path: Path) -> None:
    """Until October 2025 files of one second came in opposite orders for asc and desc: explained then, a finding since."""
    target = Simulated()
    target.restart(day)
    ids = [f"file-{letter * 22}" for letter in "fg"]
    for file_id in ids:
        target.seed("add_file", id=file_id, content=b"soup")
    target.seed("add_vector_store", id=STORE)
    path = f"/vector_stores/{STORE}/file_batches"
    batch = answer_of("POST", path, {"file_ids": ids}, target)
    target.advance(60)
    page = answer_of("GET", f"{path}/{batch['id']}/files", None, target)
    assert len(page["data"]) == 2
    turned = page | {"data": page["data"][::-1], "first_id": page["last_id"], "last_id": page["first_id"]}
    lists: list[Exchange] = [
        ("GET", f"{path}/{batch['id']}/files?order={order}", None, shown)
        for order, shown in (("asc", page), ("desc", turned))
    ]
    score = Score()
    score.add("one", played(tmp_path, ("POST", path, {"file_ids": ids}, batch), *lists))
    counts = score.operations["vector_stores.file_batches.list_files"]
    assert (counts.agreed, counts.explained, counts.unexplained) == ((1, 1, 0) if is_explained else (1, 0, 1)), (
        score.findings
    )


# -- streams ------------------------------------------------------------------------------


def streamed(text: str, **more: Any) -> tuple[dict[str, Any], list[bytes]]:
    """A request for a stream, and the events that the simulated service answers it with."""
    body = {"model": "gpt-4o", "input": "hi", "stream": True, **more}
    target = started()
    target.script((Reply(chunks=[text[:3], text[3:6], text[6:]]),))
    served = target.send("POST", "/responses", HEADERS, json.dumps(body).encode())
    return body, [event + b"\n\n" for event in served.body.split(b"\n\n") if event]


def recorded(body: Any, events: list[bytes]) -> Interaction:
    """The exchange as a recorder kept it."""
    return Interaction(
        index=0,
        method="POST",
        url="https://api.openai.com/v1/responses",
        request_headers=(("content-type", "application/json"),),
        request_body=json.dumps(body).encode(),
        headers=(("content-type", "text/event-stream; charset=utf-8"),),
        body=b"".join(events),
    )


def test_a_stream_that_was_left_is_compared_as_far_as_it_goes() -> None:
    """Wherever an app left a stream, what came until then agrees; what did not come is no difference."""
    body, events = streamed("Hello there.")
    deltas = [number for number, event in enumerate(events) if b"output_text.delta" in event]
    assert len(deltas) == 3
    for count in (2, 3, deltas[1] + 1, deltas[-1] + 2, len(events)):
        [outcome] = replay([recorded(body, events[:count])], Simulated())
        assert told(outcome) == [], f"of {len(events)} events, {count}"


def test_the_order_of_keys_in_the_background() -> None:
    """A background stream's keys had no fixed order in recordings: there, and only there, another one agrees."""
    for background, agrees in ((True, True), (False, False)):
        body, events = streamed("Hello there.", background=background)
        turned = []
        for event in events:
            name, _, data = event.partition(b"\ndata: ")
            value = json.loads(data)
            value |= {"response": dict(reversed(value["response"].items()))} if "response" in value else {}
            turned.append(name + b"\ndata: " + json.dumps(value).encode() + b"\n\n")
        [outcome] = replay([recorded(body, turned)], Simulated())
        assert (told(outcome) == []) is agrees, outcome.differences


# -- when keys appeared -------------------------------------------------------------------


def test_a_key_that_another_operation_had_before_is_not_younger() -> None:
    """What one operation showed on a day, the answers of others on that day cannot lack."""

    def shown(operation: str, moment: int, **fields: Any) -> Interaction:
        body = {"id": f"resp_{moment}", "object": "response", "created_at": moment, "status": "completed", **fields}
        path = "/responses" if operation == "POST" else f"/responses/resp_{moment}"
        headers = (("content-type", "application/json"),)
        return Interaction(index=0, method=operation, url=path, headers=headers, body=json.dumps(body).encode())

    eras = Eras([[shown("POST", DAY), shown("POST", DAY + 100, novel=1)]])
    asked = ("response", "", "", "novel", "responses.retrieve")
    assert eras.is_younger(*asked, DAY + 50)
    assert not eras.is_younger(*asked, DAY + 100)
