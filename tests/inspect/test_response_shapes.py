"""`understudy check` on the Responses API: streams are judged by its own events, objects by what makes them one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import written
from tests.cassettes.driving import SHARED
from understudy._apis.common import sse
from understudy._cassettes import load
from understudy._inspect import spec

RECORDED = SHARED / "recordings-responses"
MESSAGE = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": []}
Events = list[tuple[str, Any]]


def response(status: str, *output: Any) -> dict[str, Any]:
    """A response in a status."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "model": "gpt-4o",
        "output": list(output),
    }


def stream() -> Events:
    """A stream of one short message."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    payloads: Events = [
        ("created", {"response": response("in_progress")}),
        ("in_progress", {"response": response("in_progress")}),
        ("output_item.added", {"item": MESSAGE, "output_index": 0}),
        ("content_part.added", {**place, "part": {}}),
        ("output_text.delta", {**place, "delta": "Hel"}),
        ("output_text.delta", {**place, "delta": "lo"}),
        ("output_text.done", {**place, "text": "Hello"}),
        ("content_part.done", {**place, "part": {}}),
        ("output_item.done", {"item": MESSAGE, "output_index": 0}),
        ("completed", {"response": response("completed", MESSAGE)}),
    ]
    named = [(f"response.{name}", payload) for name, payload in payloads]
    return [(name, {"type": name, "sequence_number": number, **data}) for number, (name, data) in enumerate(named)]


def found(tmp_path: Path, answer: Any) -> list[str]:
    """What is wrong with an answer to a create."""
    if isinstance(answer, list):
        answer = b"".join(sse.render(name, data) for name, data in answer).decode()
    path = written(tmp_path / "c.json", [("POST", "/responses", {"model": "gpt-4o", "input": "x"}, answer)])
    return [str(violation) for violation in spec.violations(load(path)[0])]


def test_a_right_stream_is_no_finding(tmp_path: Path) -> None:
    """A stream in order breaks nothing."""
    assert found(tmp_path, stream()) == []


SPOILT: dict[str, tuple[Callable[[Events], Any], str]] = {
    "not begun": (
        lambda events: events[1:],
        "event 0 response.in_progress: is the first event",
    ),
    "not ended": (lambda events: events[:-1], "is the last event, expected one of response.completed"),
    "goes on": (lambda events: [*events, events[-2]], "comes after 'response.completed', which is the last event"),
    "a gap": (lambda events: [*events[:4], *events[5:]], "sequence_number: is 5, expected 4"),
    "a run's event": (lambda events: [*events[:1], ("thread.run.queued", {}), *events[1:]], "is not an event of a response"),
    "no item": (lambda events: [*events[:2], *events[3:]], "output_index: is 0, but no such item has begun"),
    "another text": (
        lambda events: [*events[:6], (events[6][0], events[6][1] | {"text": "Bye"}), *events[7:]],
        "pieces before it make",
    ),
    "no object": (lambda events: [(events[0][0], "x"), *events[1:]], "has data that is not a JSON object"),
    "no delta": (lambda events: [*events[:4], (events[4][0], events[4][1] | {"delta": 7}), *events[5:]], "expected str"),
    "two names": (lambda events: [(events[0][0], events[0][1] | {"type": "x"}), *events[1:]], "the event is called"),
    "a status": (
        lambda events: [*events[:-1], (events[-1][0], events[-1][1] | {"response": response("paused")})],
        "response.status: is 'paused', expected one of queued",
    ),
}


@pytest.mark.parametrize("spoilt", SPOILT, ids=[name.replace(" ", "-") for name in SPOILT])
def test_a_spoilt_stream_is_a_finding(tmp_path: Path, spoilt: str) -> None:
    """What no stream of a response can be is told, with the event that shows it."""
    spoil, expected = SPOILT[spoilt]
    assert any(expected in text for text in found(tmp_path, spoil(stream())))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({**response("completed"), "status": "requires_action"}, "status: is 'requires_action'"),
        ({"object": "response", "status": "completed"}, "lacks 'id'"),
        (response("completed") | {"output": {}}, "output: is dict, expected list"),
        (response("completed", "x"), "output[0]: is not an object"),
        (response("completed", {"type": "function_call", "name": "f"}), "lacks 'call_id'"),
        ("no JSON", "is not JSON"),
        ([], "is not an object"),
    ],
)
def test_a_spoilt_response_is_a_finding(tmp_path: Path, answer: Any, expected: str) -> None:
    """An answer that lacks what every response has is told."""
    path = written(tmp_path / "c.json", [("GET", "/responses/resp_1", None, answer)])
    text = path.read_text()
    path.write_text(text.replace("text/event-stream; charset=utf-8", "application/json"))
    violations = [str(violation) for violation in spec.violations(load(path)[0])]
    assert any(expected in violation for violation in violations)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the real recordings do not lie beside this repository")
def test_real_recordings_break_nothing() -> None:
    """Of the recorded exchanges of this API none is a finding, whatever its date."""
    wrong = [
        f"{path.name} {exchange}: {violation}"
        for path in sorted(RECORDED.rglob("*.yaml"))
        for exchange in load(path)
        for violation in spec.violations(exchange)
    ]
    assert not wrong, "\n".join(wrong[:20])
