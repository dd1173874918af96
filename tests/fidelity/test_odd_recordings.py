"""Recordings with what no known service has sent: read as far as they go, and never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from understudy._cli.main import main

MODEL = "gpt-4o-mini"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "status": "completed",
    "role": "assistant",
    "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Grüße 👋"}],
}
CALL = {"id": "fc_1", "type": "function_call", "status": "completed", "arguments": "{}", "call_id": "call_1", "name": "f"}
ANSWER = {"id": "resp_1", "object": "response", "created_at": 1_780_000_000, "model": f"{MODEL}-2024-07-18"}


def response(*output: Any, **more: Any) -> dict[str, Any]:
    """A recorded answer."""
    return {**ANSWER, "status": "completed", "output": list(output), **more}


def stream(*events: Any) -> str:
    """A recorded stream."""
    return "".join(f"event: {one.get('type')}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n" for one in events)


def recorded(folder: Path, body: Any, path: str = "responses", **request: Any) -> Path:
    """A cassette of one create and its answer."""
    is_stream = isinstance(body, str)
    kind = "text/event-stream; charset=utf-8" if is_stream else "application/json"
    interaction = {
        "request": {
            "method": "POST",
            "uri": f"https://api.openai.com/v1/{path}",
            "body": json.dumps({"model": MODEL, "input": "x", **request}),
            "headers": {"content-type": ["application/json"]},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": [kind]},
            "body": {"string": body if is_stream else json.dumps(body)},
        },
    }
    file = folder / "odd.yaml"
    file.write_text(yaml.safe_dump({"interactions": [interaction], "version": 1}, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("body", "request_keys"),
    [
        pytest.param(response({"id": "x_1", "status": "completed"}), {}, id="an item without a type"),
        pytest.param(response({**MESSAGE, "content": [{"text": "x"}]}), {}, id="a part without a type"),
        pytest.param(response({"id": "n_1", "type": "novel_call", "thing": 1}), {}, id="an item of a new type"),
        pytest.param(response({**CALL, "call_id": None}), {}, id="a call without an id"),
        pytest.param(response(MESSAGE, tools=[{"type": None, "name": None}]), {"tools": [{}]}, id="a tool without a type"),
        pytest.param(response(MESSAGE, status="cancelled"), {}, id="cancelled in the foreground"),
        pytest.param(response(status="incomplete", incomplete_details=None), {}, id="incomplete for no reason"),
        pytest.param(response(status="failed", error=None), {}, id="failed without an error"),
        pytest.param(
            stream(
                {"type": "response.created", "response": response(status="in_progress")},
                {"type": "response.output_item.done", "output_index": 0},
                {"type": "response.output_item.done", "item": MESSAGE},
                {"type": "response.novel"},
            ),
            {"stream": True},
            id="a stream that breaks off, with events that lack what they are of",
        ),
    ],
)
def test_no_command_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str], body: Any, request_keys: Any) -> None:
    """Every command reads an odd recording, and says something of it."""
    assert_no_command_breaks(tmp_path, capsys, recorded(tmp_path, body, **request_keys))


RUN = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "assistant_id": "asst_1", "status": "queued"}
SAYS = {"id": "msg_1", "object": "thread.message", "thread_id": "thread_1", "run_id": "run_1", "role": "assistant"}
STEP = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "thread_id": "thread_1"}


def said_delta(content: Any) -> tuple[str, Any]:
    """An event of a message's new part."""
    return "thread.message.delta", {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": content}}


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([said_delta([{"index": 0, "type": "text", "text": {"value": None}}])], id="a piece without text"),
        pytest.param([said_delta(None)], id="a delta without parts"),
        pytest.param([said_delta([{"index": 0, "type": "text"}])], id="a part without its text"),
        pytest.param([said_delta([{"index": 0}])], id="a part without a type"),
        pytest.param([("thread.run.step.created", {**STEP, "created_at": None, "step_details": None})], id="a null step"),
        pytest.param([("thread.run.completed", {**RUN, "status": "completed", "created_at": None})], id="a null time"),
        pytest.param([("thread.run.failed", {**RUN, "status": "failed", "last_error": None})], id="failed without an error"),
        pytest.param([("thread.novel", {"id": "x_1", "object": "thread.novel"})], id="an event of a new kind"),
        pytest.param([("thread.message.delta", None), ("thread.run.completed", [])], id="events of other types"),
    ],
)
def test_no_command_breaks_on_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str], events: Any) -> None:
    """So it is with the stream of a run of the Assistants API."""
    begin = [("thread.run.created", {**RUN, "created_at": None}), ("thread.message.created", {**SAYS, "content": []})]
    body = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in (*begin, *events))
    path = recorded(tmp_path, body, path="threads/thread_1/runs", assistant_id="asst_1", stream=True)
    assert_no_command_breaks(tmp_path, capsys, path)


def assert_no_command_breaks(folder: Path, capsys: pytest.CaptureFixture[str], path: Path) -> None:
    commands = [
        ["show", str(path)],
        ["check", str(path)],
        ["promote", str(path)],
        ["promote", "--test", str(path)],
        ["parity", str(path), str(path)],
        ["conform", "--recordings", str(folder)],
    ]
    for command in commands:
        try:
            status = main(command)
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        assert status in (0, 1, 2), command
        assert said.out + said.err
        assert "Traceback" not in said.out + said.err
