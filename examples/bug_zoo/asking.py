"""What the apps have in common: they ask, poll as they should, and read the answer."""

from __future__ import annotations

import time
from typing import Any

from openai import OpenAI

OVER = ("completed", "failed", "incomplete", "expired", "cancelled")


def begin(client: OpenAI, assistant_id: str, thread_id: str) -> Any:
    """Post a question and start a run."""
    client.beta.threads.messages.create(thread_id, role="user", content="May I?")
    return client.beta.threads.runs.create(thread_id, assistant_id=assistant_id)


def again(client: OpenAI, run: Any) -> Any:
    """The run as it is now."""
    time.sleep(0.001)
    return client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)


def outputs(run: Any) -> list[Any]:
    """An output for every call that a run waits for."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": "yes"} for call in calls]


def submit(client: OpenAI, run: Any) -> Any:
    """Submit an output for every call that a run waits for."""
    return client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs(run))


def answer(client: OpenAI, run: Any) -> str | None:
    """The answer of a run that is over; None if it has none."""
    if run.status != "completed":
        return None
    (newest,) = client.beta.threads.messages.list(run.thread_id, limit=1).data
    return "".join(part.text.value for part in newest.content if part.type == "text")


def finish(client: OpenAI, run: Any) -> str | None:
    """Poll a run to its end, submitting what it asks for."""
    while run.status not in OVER:
        run = submit(client, run) if run.status == "requires_action" else again(client, run)
    return answer(client, run)
