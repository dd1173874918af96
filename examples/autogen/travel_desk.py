"""A travel desk on AutoGen's assistant agent: it knows today's weather, and keeps a traveller's conversation going.

The agent is AutoGen's own, unchanged. It polls a run until it is completed or failed, and nothing else: a run that expires,
is cut short or is cancelled would be polled for ever. So the desk gives each answer a time, and then starts anew.
"""

from __future__ import annotations

import asyncio
import sys

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken
from autogen_ext.agents.openai import OpenAIAssistantAgent
from openai import AsyncOpenAI

PATIENCE = 120  # seconds
CLOSED = "Our colleague is not at the desk. Please ask again."
WEATHER = {"Lisbon": "sunny, 24 degrees", "Bergen": "rain, 9 degrees"}


async def get_weather(city: str) -> str:
    """Today's weather in a city."""
    return WEATHER[city]


class TravelDesk:
    """One traveller's conversation."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._agent = OpenAIAssistantAgent(
            name="travel_desk",
            description="Knows the weather.",
            client=client,
            model="gpt-4o",
            instructions="You help travellers. Look the weather up before you speak of it.",
            tools=[get_weather],
        )

    async def ask(self, question: str) -> str:
        """The agent's answer, or a sentence that says that there is none."""
        token = CancellationToken()
        message = TextMessage(content=question, source="traveller")
        try:
            async with asyncio.timeout(PATIENCE):
                response = await self._agent.on_messages([message], token)
        except (TimeoutError, ValueError):  # a ValueError is how the agent tells of a failed run
            return CLOSED
        assert isinstance(response.chat_message, TextMessage)
        return response.chat_message.content

    async def close(self) -> None:
        """Take the assistant away."""
        await self._agent.delete_assistant(CancellationToken())


async def main(questions: list[str]) -> None:
    desk = TravelDesk(AsyncOpenAI())
    for question in questions:
        print(await desk.ask(question))
    await desk.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
