"""A shop's support bot on the Assistants API: async, streams what it says, looks orders up and refunds them.

Lines drop and services stumble. Whatever happens to a stream, the run itself goes on: so after each stream the bot asks how
the run stands, and goes on from there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from openai import APIError, AsyncAssistantEventHandler, AsyncOpenAI
from openai.types.beta.threads import Run, Text, TextDelta
from openai.types.beta.threads.required_action_function_tool_call import RequiredActionFunctionToolCall

APOLOGY = "Sorry, I cannot answer just now. A colleague will write to you."
SECONDS_BETWEEN_POLLS = 2
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "look_up_order",
            "description": "What was ordered, what it cost, whether it has arrived.",
            "parameters": {
                "type": "object",
                "properties": {"order": {"type": "string"}},
                "required": ["order"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "refund",
            "description": "Give the customer the money for an order back.",
            "parameters": {
                "type": "object",
                "properties": {"order": {"type": "string"}, "reason": {"type": "string", "enum": ["lost", "broken"]}},
                "required": ["order", "reason"],
            },
        },
    },
]


@dataclass
class Shop:
    """The orders, and the refunds made so far: an order is refunded once, however often that is asked for."""

    orders: dict[str, dict[str, Any]]
    refunds: dict[str, str] = field(default_factory=dict)

    async def look_up_order(self, order: str) -> dict[str, Any]:
        return self.orders[order]

    async def refund(self, order: str, reason: str) -> dict[str, Any]:
        price = self.orders[order]["price"]
        self.refunds.setdefault(order, reason)
        return {"refunded": price}


class Speaking(AsyncAssistantEventHandler):
    """Hands on what the model writes, as it writes it."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    async def on_text_delta(self, delta: TextDelta, snapshot: Text) -> None:  # noqa: ARG002
        self._write(delta.value or "")


class SupportBot:
    """One customer's conversation. `write` gets the pieces of the answers."""

    def __init__(self, client: AsyncOpenAI, shop: Shop, assistant_id: str, write: Callable[[str], None]) -> None:
        self._runs = client.beta.threads.runs
        self._threads = client.beta.threads
        self._shop = shop
        self._assistant_id = assistant_id
        self._write = write
        self._thread_id = ""
        self._said = ""  # in this run

    def _say(self, piece: str) -> None:
        self._said += piece
        self._write(piece)

    async def answer(self, question: str) -> None:
        """Answer a question, with whatever calls of the shop's functions that takes."""
        try:
            run = await self._ask(question)
            while run.status == "requires_action":
                run = await self._act(run)
        except APIError:
            self._write(APOLOGY)
        else:
            if run.status != "completed":
                self._write(APOLOGY)

    async def _ask(self, question: str) -> Run:
        self._thread_id = self._thread_id or (await self._threads.create()).id
        self._said = ""
        stream = self._runs.stream(
            thread_id=self._thread_id,
            assistant_id=self._assistant_id,
            # with the run, in one request: a message of its own would be there twice if its answer got lost
            additional_messages=[{"role": "user", "content": question}],
            event_handler=Speaking(self._say),
        )
        return await self._follow(stream)

    async def _act(self, run: Run) -> Run:
        assert run.required_action is not None
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs = await asyncio.gather(*map(self._call, calls))
        stream = self._runs.submit_tool_outputs_stream(
            run_id=run.id,
            thread_id=self._thread_id,
            tool_outputs=[{"tool_call_id": call.id, "output": output} for call, output in zip(calls, outputs, strict=True)],
            event_handler=Speaking(self._say),
        )
        return await self._follow(stream)

    async def _call(self, call: RequiredActionFunctionToolCall) -> str:
        """Call a function of the shop. What goes wrong is told to the model, which can then ask the customer."""
        functions = {"look_up_order": self._shop.look_up_order, "refund": self._shop.refund}
        try:
            return json.dumps(await functions[call.function.name](**json.loads(call.function.arguments)))
        except (KeyError, TypeError, ValueError) as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"})

    async def _follow(self, stream: Any) -> Run:
        """Read a stream to its end, then see how the run stands, and what it wrote: the stream may have broken off."""
        problem = None
        try:
            async with stream as events:
                await events.until_done()
        except APIError as error:  # refused, or heard but not answered: the run tells which
            problem = error
        newest = (await self._runs.list(self._thread_id, limit=1)).data
        if not newest:
            raise problem or RuntimeError("a stream ended, and there is no run")
        run = newest[0]
        while run.status in ("queued", "in_progress", "cancelling"):
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)
            run = await self._runs.retrieve(run.id, thread_id=self._thread_id)
        await self._catch_up(run)
        return run

    async def _catch_up(self, run: Run) -> None:
        """Say what the run wrote and no stream brought."""
        written = ""
        async for message in self._threads.messages.list(self._thread_id, run_id=run.id, order="asc"):
            written += "".join(part.text.value for part in message.content if part.type == "text")
        if len(written) > len(self._said):
            self._say(written[len(self._said) :])
