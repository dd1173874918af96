"""Small cassettes, written in a test as the exchanges they hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from understudy._apis.common import sse

BASE = "https://api.openai.com/v1"
THREAD = "/threads/thread_1"
RUN = f"{THREAD}/runs/run_1"

Exchange = tuple[str, str, Any, Any]  # method, path with query, request body, answer


def run(status: str, **fields: Any) -> dict[str, Any]:
    """A run of `thread_1` in a status."""
    return {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "status": status, **fields}


def waiting(call: str = "call_1") -> dict[str, Any]:
    """A run that waits for the output of a function call."""
    calls = [{"id": call, "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    return run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": calls}})


def message(number: int, run_id: str | None = None) -> dict[str, Any]:
    """A message of `thread_1`, said by the user or by a run."""
    text = [{"type": "text", "text": {"value": f"text {number}", "annotations": []}}]
    role = "assistant" if run_id else "user"
    value = {"id": f"msg_{number}", "object": "thread.message", "created_at": number, "thread_id": "thread_1"}
    return {**value, "run_id": run_id, "role": role, "content": text, "attachments": [], "metadata": {}}


def listed(*members: dict[str, Any]) -> dict[str, Any]:
    """A list object."""
    return {"object": "list", "data": list(members), "has_more": False}


def streamed(*events: tuple[str, Any]) -> str:
    """A stream's body."""
    return b"".join([*(sse.render(name, data) for name, data in events), sse.DONE]).decode()


def entry(exchange: Exchange) -> dict[str, Any]:
    """An exchange in vcrpy's format; an answer may be a (status, body) pair."""
    method, path, sent, answer = exchange
    status, answer = answer if isinstance(answer, tuple) else (200, answer)
    kind = "text/event-stream; charset=utf-8" if isinstance(answer, str) else "application/json"
    return {
        "request": {
            "method": method,
            "uri": BASE + path,
            "body": sent if isinstance(sent, str) or sent is None else json.dumps(sent),
            "headers": {"content-type": ["application/json"]} if method != "GET" else {},
        },
        "response": {
            "status": {"code": status, "message": "OK"},
            "headers": {"content-type": [kind]},
            "body": {"string": answer if isinstance(answer, str) else json.dumps(answer)},
        },
    }


def written(path: Path, exchanges: Sequence[Exchange]) -> Path:
    """The path of a cassette that holds these exchanges."""
    path.write_text(json.dumps({"version": 1, "interactions": [entry(exchange) for exchange in exchanges]}))
    return path


TOOL_CALL: tuple[Exchange, ...] = (
    ("POST", "/threads", {}, {"id": "thread_1", "object": "thread"}),
    ("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"}, message(1)),
    ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"}, run("queued")),
    ("GET", RUN, None, run("queued")),
    ("GET", RUN, None, run("in_progress")),
    ("GET", f"{THREAD}/messages", None, listed(message(1))),
    ("GET", RUN, None, waiting()),
    ("GET", RUN, None, waiting()),
    ("POST", f"{RUN}/submit_tool_outputs", {"tool_outputs": []}, run("queued")),
    ("GET", RUN, None, run("in_progress", started_at=2)),
    ("GET", RUN, None, run("completed")),
    ("GET", f"{THREAD}/messages", None, listed(message(2, "run_1"), message(1))),
)
