"""One script, two faces: an app on Assistants and its port to Responses say, call and get the same."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings

import understudy
from tests.effort import examples
from understudy import strategies as us

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MARKER = re.compile(r"【[^】]*】")
Turns = list[tuple[str, ...]]


def run_on_assistants(backend: Any) -> Turns:
    """The old app: a thread, a run, a loop."""
    client = backend.client(max_retries=0)
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[tool])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Weather?"}])
    run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    said: Turns = []
    while True:
        while run.status in ("queued", "in_progress"):
            run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)
        if run.status != "requires_action":
            break
        calls = run.required_action.submit_tool_outputs.tool_calls
        said += [("call", call.function.name, call.function.arguments) for call in calls]
        outputs = [{"tool_call_id": call.id, "output": answer(call.function.arguments)} for call in calls]
        said += [("output", output["output"]) for output in outputs]
        run = client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=thread.id, tool_outputs=outputs)
    messages = [message for message in client.beta.threads.messages.list(thread.id, order="asc") if message.role != "user"]
    texts = [("reply", MARKER.sub("", part.text.value)) for message in messages for part in message.content]
    return [*said, *texts, ("outcome", run.status)]


def run_on_responses(backend: Any) -> Turns:
    """The new app: a response, and one more for each round of calls."""
    client = backend.client(max_retries=0)
    tool: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS}
    options: Any = {"model": "gpt-4o", "tools": [tool]}
    response = client.responses.create(input="Weather?", **options)
    said: Turns = []
    texts: Turns = []
    while True:
        for item in response.output:
            if item.type == "message":
                texts += [("reply", part.text) for part in item.content]
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls or response.status != "completed":
            break
        said += [("call", call.name, call.arguments) for call in calls]
        outputs: Any = [
            {"type": "function_call_output", "call_id": call.call_id, "output": answer(call.arguments)} for call in calls
        ]
        said += [("output", output["output"]) for output in outputs]
        response = client.responses.create(input=outputs, previous_response_id=response.id, **options)
    return [*said, *texts, ("outcome", response.status)]


def answer(arguments: str) -> str:
    """What the app's function gives."""
    return f"20 C in {json.loads(arguments).get('city')}"


def performable(script: Any) -> bool:
    """Whether both faces can perform a script by themselves: nothing expires, nothing hangs."""
    moves = [move for step in script for move in (step if isinstance(step, tuple) else (step,))]
    endless = understudy.Expire | understudy.Hang
    return not any(isinstance(move, endless) or getattr(move, "needs_tool", "") for move in moves)


@settings(examples(60), deadline=None)
@given(us.run_scripts().filter(performable))
def test_one_script_means_the_same_on_both(script: Any) -> None:
    """The same words, calls, outputs and outcome, whatever the script."""
    with understudy.simulate(script=script) as backend:
        old = run_on_assistants(backend)
    with understudy.simulate(script=script) as backend:
        new = run_on_responses(backend)
    assert old == new
