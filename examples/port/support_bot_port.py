"""The support bot of ../support_bot, on Responses: async, streams what it says, looks orders up and refunds them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from openai import APIError, AsyncOpenAI
from openai.types.responses import Response, ResponseFunctionToolCall

from support_bot import APOLOGY, TOOLS, Shop

# Functions are flat here, and strict unless they say not.
FLAT_TOOLS: list[Any] = [{"type": "function", "strict": False, **tool["function"]} for tool in TOOLS]


class SupportBot:
    """One customer's conversation. `write` gets the pieces of the answers."""

    def __init__(self, client: AsyncOpenAI, shop: Shop, write: Callable[[str], None]) -> None:
        self._client = client
        self._shop = shop
        self._write = write
        self._previous: str | None = None

    async def answer(self, question: str) -> None:
        """Answer a question, with whatever calls of the shop's functions that takes."""
        try:
            response = await self._ask(question)
            while calls := [item for item in response.output if item.type == "function_call"]:
                outputs = await asyncio.gather(*map(self._call, calls))
                response = await self._ask(
                    [
                        {"type": "function_call_output", "call_id": call.call_id, "output": output}
                        for call, output in zip(calls, outputs, strict=True)
                    ]
                )
        except APIError:
            self._write(APOLOGY)
        else:
            if response.status != "completed":
                self._write(APOLOGY)

    async def _ask(self, given: Any) -> Response:
        more: Any = {"previous_response_id": self._previous} if self._previous else {}
        async with self._client.responses.stream(model="gpt-4o", input=given, tools=FLAT_TOOLS, **more) as stream:
            async for event in stream:
                if event.type == "response.output_text.delta":
                    self._write(event.delta)
                elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                    self._previous = event.response.id  # type: ignore[union-attr]
                    return event.response  # type: ignore[union-attr,no-any-return]
        raise RuntimeError("the stream ended before the response did")

    async def _call(self, call: ResponseFunctionToolCall) -> str:
        """Call a function of the shop. What goes wrong is told to the model, which can then ask the customer."""
        functions = {"look_up_order": self._shop.look_up_order, "refund": self._shop.refund}
        try:
            return json.dumps(await functions[call.name](**json.loads(call.arguments)))
        except (KeyError, TypeError, ValueError) as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"})
