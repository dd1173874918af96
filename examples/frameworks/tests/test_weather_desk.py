"""Each framework, unchanged, drives a tool loop against the simulator."""

from __future__ import annotations

import asyncio
import json

import agents
import openai
import pytest
from agents import OpenAIConversationsSession
from agents.exceptions import ModelBehaviorError
from pydantic_ai.exceptions import ModelServerError

import understudy as us
import weather_desk
from understudy import FunctionCall, Hang, Reason, Reply

agents.set_tracing_disabled(True)
PARIS = FunctionCall("get_weather", {"city": "Paris"})
ROME = FunctionCall("get_weather", {"city": "Rome"})
LOOP = (Reason("Two cities."), [PARIS, ROME], PARIS, Reply("Sunny."))


@pytest.fixture(params=["openai-agents", "langchain-openai", "pydantic-ai"])
def ask(request):
    """One framework's way to ask."""
    if request.param == "langchain-openai":
        return weather_desk.ask_langchain
    how = weather_desk.ask_openai_agents if request.param == "openai-agents" else weather_desk.ask_pydantic_ai
    return lambda question: asyncio.run(how(question))


def outputs(understudy):
    """The outputs that the framework brought with its last request."""
    items = understudy.requests[-1].json["input"]
    return [item["output"] for item in items if item.get("type") == "function_call_output"]


def test_a_tool_loop(understudy, ask):
    """Calls, parallel ones too, are answered until the model gives its answer."""
    understudy.next_run(*LOOP)
    assert ask("How is the weather?") == "Sunny."
    assert [json.loads(output)["city"] for output in outputs(understudy)] == ["Paris", "Rome", "Paris"]
    assert len(understudy.responses) == 3


def test_a_failed_response_is_an_error(understudy, ask):
    """What fails is not taken for an answer: each framework raises an error of its own, with the service's words."""
    understudy.next_run(us.Fail("server_error", "Sorry."))
    with pytest.raises((ModelBehaviorError, ModelServerError, ValueError), match=r"Sorry\."):
        ask("How is the weather?")


@pytest.mark.parametrize("calls", [1, 2])
def test_a_lost_answer_is_asked_for_again(understudy, ask, calls):
    """The SDK inside sends a create again whose answer was lost; the loop goes on as if nothing had happened."""
    understudy.next_run(*LOOP)
    understudy.fault(us.ServerError(), on="responses.create", nth=calls, phase="after")
    assert ask("How is the weather?") == "Sunny."


async def test_a_session_keeps_the_history(understudy):
    """openai-agents' session reads its history from a conversation, and adds to it, over two runs with tools."""
    session = OpenAIConversationsSession()
    understudy.next_run(PARIS, Reply("Sunny."))
    understudy.next_run(Reply("Also sunny."))
    assert await weather_desk.ask_openai_agents("Paris?", session) == "Sunny."
    assert await weather_desk.ask_openai_agents("And Rome?", session) == "Also sunny."
    kinds = [item["type"] for item in await session.get_items()]
    assert kinds == ["message", "function_call", "function_call_output", "message", "message", "message"]
    second = [one.json["input"] for one in understudy.requests if one.path.endswith("/responses")][-1]
    assert len(second) == 5  # the history, and the new question
    await session.clear_session()
    assert understudy.conversations == []


async def test_a_locked_conversation_is_waited_for():
    """openai-agents tries again while another response runs in the conversation, and gets its turn."""
    with us.simulate(time="sleep") as understudy:
        made = understudy.add_conversation()
        understudy.next_run(Reply("First."))
        understudy.next_run(Reply("Second."))
        client = openai.AsyncOpenAI()
        await client.responses.create(model="gpt-4o", input="x", conversation=made.id, background=True)
        understudy.clock.advance(4)  # all its attempts together take 7 s, and so does a reply
        assert await weather_desk.ask_openai_agents("Paris?", conversation_id=made.id) == "Second."
        sent = [request for request in understudy.requests if request.path.endswith("/responses")]
        assert len(sent) > 2  # it was refused at least once


async def test_a_conversation_that_stays_locked_is_given_up():
    """After its own number of attempts openai-agents gives up."""
    with us.simulate(script=Hang(), time="sleep") as understudy:
        made = understudy.add_conversation()
        client = openai.AsyncOpenAI()
        running = await client.responses.create(model="gpt-4o", input="x", conversation=made.id, background=True)
        with pytest.raises(openai.BadRequestError, match="Another process is currently operating"):
            await weather_desk.ask_openai_agents("Paris?", conversation_id=made.id)
        await client.responses.cancel(running.id)
