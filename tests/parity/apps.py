"""One small app on both APIs: it asks its questions in turn and carries out the calls of one function."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from openai import AsyncOpenAI, OpenAI

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "get_weather", "description": "The weather of a city.", "parameters": SCHEMA}
INSTRUCTIONS = "You know the weather."
QUESTIONS = ("What is the weather?", "And tomorrow?")
MODEL = "gpt-4o-mini"


class OldApp:
    """The app on Assistants.

    `run`, `assistant`: more arguments of each run (or a function of its question), of the assistant; `pause`: seconds
    between polls.
    """

    def __init__(
        self, questions: Sequence[Any] = QUESTIONS, *, run: Any = None, assistant: Any = None, pause: float = 0
    ) -> None:
        self.questions, self.run_options, self.assistant_options, self.pause = questions, run or {}, assistant or {}, pause

    def look_up(self) -> str:
        """Carry the function out."""
        return "sunny"

    def __call__(self) -> list[str]:
        with OpenAI() as client:
            return self._converse(client)

    def _converse(self, client: OpenAI) -> list[str]:
        tools: Any = [{"type": "function", "function": FUNCTION}]
        options = {"model": MODEL, "instructions": INSTRUCTIONS, "tools": tools, **self.assistant_options}
        assistant = client.beta.assistants.create(**options)
        thread = client.beta.threads.create()
        return [self._ask(client, assistant.id, thread.id, question) for question in self.questions]

    def _ask(self, client: OpenAI, assistant_id: str, thread_id: str, question: Any) -> str:
        threads: Any = client.beta.threads
        given = question if isinstance(question, dict) else {"content": question}
        threads.messages.create(thread_id, role="user", **given)
        options = self.run_options(question) if callable(self.run_options) else self.run_options
        run = threads.runs.create(thread_id, assistant_id=assistant_id, **options)
        while run.status in ("queued", "in_progress", "requires_action"):
            if run.status == "requires_action":
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs = [{"tool_call_id": call.id, "output": self.look_up()} for call in calls]
                run = threads.runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs)
            else:
                time.sleep(self.pause)
                run = threads.runs.retrieve(run.id, thread_id=thread_id)
        if run.status != "completed":
            return f"Sorry: {run.status}."
        message = threads.messages.list(thread_id, limit=1).data[0]
        return str(message.content[0].text.value)


class NewApp:
    """The same on Responses. `request`: more arguments of each request, or a function of (turn, is first of its turn)."""

    def __init__(self, questions: Sequence[Any] = QUESTIONS, *, request: Any = None, output: str = "sunny") -> None:
        self.questions, self.request, self.output = questions, request or {}, output

    def look_up(self) -> str:
        """Carry the function out."""
        return self.output

    def __call__(self) -> list[str]:
        self.previous = None
        with OpenAI() as client:
            return [self._ask(client, turn, question) for turn, question in enumerate(self.questions)]

    def _create(self, client: OpenAI, turn: int, given: Any, *, is_first: bool) -> Any:
        tools: Any = [{"type": "function", **FUNCTION}]
        options = {"model": MODEL, "instructions": INSTRUCTIONS, "tools": tools, "previous_response_id": self.previous}
        more = self.request(turn, is_first) if callable(self.request) else self.request
        options = {name: value for name, value in {**options, **more}.items() if value is not None}
        response = client.responses.create(**{"input": given, **options})
        self.previous = response.id
        return response

    def _ask(self, client: OpenAI, turn: int, question: Any) -> str:
        response = self._create(client, turn, question, is_first=True)
        while calls := [item for item in response.output if item.type == "function_call"]:
            outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": self.look_up()} for call in calls]
            response = self._create(client, turn, outputs, is_first=False)
        if response.status != "completed":
            return f"Sorry: {response.status}."
        return str(response.output[-1].content[0].text)


async def new_async() -> list[str]:
    """The port without its tool loop, async."""
    client = AsyncOpenAI()
    first = await client.responses.create(
        model=MODEL,
        instructions=INSTRUCTIONS,
        input=QUESTIONS[0],
        tools=[{"type": "function", **FUNCTION}],  # type: ignore[list-item]
    )
    second = await client.responses.create(
        model=MODEL,
        instructions=INSTRUCTIONS,
        input=QUESTIONS[1],
        previous_response_id=first.id,
        tools=[{"type": "function", **FUNCTION}],  # type: ignore[list-item]
    )
    return [first.output_text, second.output_text]
