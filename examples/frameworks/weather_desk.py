"""A desk that answers questions about the weather, on three frameworks: each calls the function until there is an answer."""

from __future__ import annotations

import json

from agents import Agent, OpenAIConversationsSession, Runner, function_tool
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent as PydanticAgent
from pydantic_ai.models.openai import OpenAIResponsesModel

MODEL = "gpt-4o"
INSTRUCTIONS = "Be brief."


def weather_in(city: str) -> str:
    """Look the weather up."""
    return json.dumps({"city": city, "weather": "sunny"})


async def ask_openai_agents(
    question: str, session: OpenAIConversationsSession | None = None, conversation_id: str | None = None
) -> str:
    """Ask with openai-agents; its session keeps the history in a conversation of the service."""

    @function_tool
    def get_weather(city: str) -> str:
        """Look the weather up."""
        return weather_in(city)

    agent = Agent(name="desk", instructions=INSTRUCTIONS, model=MODEL, tools=[get_weather])
    result = await Runner.run(agent, question, session=session, conversation_id=conversation_id)
    return str(result.final_output)


def ask_langchain(question: str) -> str:
    """Ask with langchain-openai, which sends the history again."""

    @tool
    def get_weather(city: str) -> str:
        """Look the weather up."""
        return weather_in(city)

    model = ChatOpenAI(model=MODEL, use_responses_api=True).bind_tools([get_weather])
    messages = [("system", INSTRUCTIONS), HumanMessage(question)]
    while True:
        answer = model.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            return str(answer.text)
        messages += [ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"]) for call in answer.tool_calls]


async def ask_pydantic_ai(question: str) -> str:
    """Ask with pydantic-ai."""
    agent = PydanticAgent(OpenAIResponsesModel(MODEL), instructions=INSTRUCTIONS)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Look the weather up."""
        return weather_in(city)

    return str((await agent.run(question)).output)
