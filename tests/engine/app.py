"""A small app of the usual kind, and what tests set up for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai import OpenAI

import understudy as us

ASSISTANT = "asst_understudyTestsAssistant"
TOOLS: list[dict[str, Any]] = [
    {"type": "function", "function": {"name": "get_weather"}},
    {"type": "function", "function": {"name": "get_time"}},
    {"type": "code_interpreter"},
    {"type": "file_search"},
]


def assistant(backend: us.Backend) -> str:
    """The assistant that the tests' runs are of: with two functions and both hosted tools."""
    return str(backend.add_assistant(id=ASSISTANT, instructions="Be brief.", tools=TOOLS).id)


def thread(client: OpenAI, text: str = "How is the weather?") -> str:
    """A new thread with one user message."""
    return client.beta.threads.create(messages=[{"role": "user", "content": text}]).id


def outputs_for(run: Any, answer: Callable[[Any], str] = lambda call: f"{call.function.name} says so") -> list[Any]:
    """An output for every call the run waits for."""
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": answer(call)} for call in calls]


def poll_to_end(client: OpenAI, run: Any) -> Any:
    """Poll a run to its end the SDK's way, submitting outputs whenever it asks for some."""
    runs = client.beta.threads.runs
    run = runs.poll(run.id, thread_id=run.thread_id)
    while run.status == "requires_action":
        run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run))
    return run


def run_to_end(client: OpenAI, thread_id: str, **options: Any) -> Any:
    """Start a run and poll it to its end."""
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, **options)
    return poll_to_end(client, run)
