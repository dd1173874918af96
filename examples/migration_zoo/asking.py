"""What the ports have in common: they ask, bring the outputs, and read the answer."""

from __future__ import annotations

import time
from typing import Any

from openai import OpenAI

MODEL = "gpt-5-mini"
INSTRUCTIONS = "Approve nothing before noon."
TOOLS: list[Any] = [{"type": "function", "name": "approve", "parameters": {}}]
QUESTION = "May I?"
OVER = ("completed", "failed", "incomplete", "cancelled")


def create(client: OpenAI, question: Any = QUESTION, **more: Any) -> Any:
    """One response, with all that every turn has to be given."""
    return client.responses.create(model=MODEL, instructions=INSTRUCTIONS, tools=TOOLS, input=question, **more)


def calls(response: Any) -> list[Any]:
    """The calls that a response waits for. Its status is `completed` all the same."""
    return [item for item in response.output if item.type == "function_call"]


def outputs(response: Any) -> list[Any]:
    """An output for every call of a response."""
    return [{"type": "function_call_output", "call_id": call.call_id, "output": "yes"} for call in calls(response)]


def answer(response: Any) -> str | None:
    """The answer of a response that is over; None if it has none."""
    return response.output_text if response.status == "completed" and not calls(response) else None


def finish(client: OpenAI, response: Any) -> str | None:
    """Bring outputs until no more are asked for, along the chain."""
    while calls(response):
        response = create(client, outputs(response), previous_response_id=response.id)
    return answer(response)


def wait(client: OpenAI, response: Any, seconds: float) -> Any:
    """Poll a background response for so long, then cancel it."""
    until = time.monotonic() + seconds
    while response.status not in OVER:
        if time.monotonic() > until:
            return client.responses.cancel(response.id)
        time.sleep(1)
        response = client.responses.retrieve(response.id)
    return response
