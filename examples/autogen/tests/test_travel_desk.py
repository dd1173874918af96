"""The desk, and through it AutoGen's agent as it is released, on a simulated service. Its sleeping moves a virtual clock."""

from contextlib import suppress

import pytest
from openai import AsyncOpenAI, OpenAIError

import travel_desk
from travel_desk import CLOSED, PATIENCE, TravelDesk
from understudy import Backend, Expire, Fail, FunctionCall, Hang, Incomplete, Reply, ServerError, UnderstudyError, simulate

pytestmark = pytest.mark.understudy(time="sleep")


@pytest.fixture
def desk(understudy: Backend) -> TravelDesk:
    return TravelDesk(AsyncOpenAI())


async def test_answers(understudy: Backend, desk: TravelDesk):
    understudy.next_run(Reply("Good morning."))
    assert await desk.ask("Hello") == "Good morning."


async def test_the_agents_tool_is_called(understudy: Backend, desk: TravelDesk):
    def model(run):
        (weather,) = yield FunctionCall("get_weather", {"city": "Bergen"})
        yield Reply(f"Take a coat: {weather}.")

    understudy.next_run(model)
    assert await desk.ask("And in Bergen?") == "Take a coat: rain, 9 degrees."


async def test_two_calls_at_once(understudy: Backend, desk: TravelDesk):
    calls = [FunctionCall("get_weather", {"city": city}) for city in ("Lisbon", "Bergen")]

    def model(run):
        outputs = yield calls
        yield Reply(" / ".join(outputs))

    understudy.next_run(model)
    assert await desk.ask("Lisbon or Bergen?") == "sunny, 24 degrees / rain, 9 degrees"


async def test_an_unknown_city_is_told_to_the_model(understudy: Backend, desk: TravelDesk):
    def model(run):
        (output,) = yield FunctionCall("get_weather", {"city": "Atlantis"})
        yield Reply("I do not know it." if "Error" in output else "?")

    understudy.next_run(model)
    assert await desk.ask("Atlantis?") == "I do not know it."


async def test_one_conversation(understudy: Backend, desk: TravelDesk):
    understudy.next_run(Reply("It is sunny."))
    understudy.next_run(Reply("No."))
    await desk.ask("How is Lisbon?")
    assert await desk.ask("Do I need a coat?") == "No."
    (thread,) = understudy.threads
    assert len(understudy.messages(thread.id)) == 4


@pytest.mark.parametrize("ending", [Fail(), Expire(), Incomplete(), Hang()], ids=lambda ending: type(ending).__name__)
async def test_whatever_becomes_of_the_run_the_traveller_is_told_in_time(understudy: Backend, desk: TravelDesk, ending):
    understudy.next_run(ending)
    before = understudy.clock.now()
    assert await desk.ask("Hello?") == CLOSED
    assert understudy.clock.now() - before <= PATIENCE + 1


async def test_without_the_deadline_the_agent_would_ask_for_ever(monkeypatch):
    """AutoGen's loop knows `completed` and `failed` only. The simulator ends it, and names the status it does not know."""
    monkeypatch.setattr(travel_desk, "PATIENCE", None)
    with (
        pytest.raises(UnderstudyError, match="does it handle 'incomplete'"),
        simulate(script=Incomplete(), time="sleep"),
        suppress(OpenAIError),
    ):
        await TravelDesk(AsyncOpenAI()).ask("Hello?")


async def test_the_sdk_retries_beneath_the_agent(understudy: Backend, desk: TravelDesk):
    understudy.fault(ServerError(), on="runs.retrieve", times=2)
    understudy.next_run(Reply("Good morning."))
    assert await desk.ask("Hello") == "Good morning."


async def test_nothing_is_left_behind(understudy: Backend, desk: TravelDesk):
    await desk.ask("Hello")
    await desk.close()
    assert [request.method for request in understudy.requests if "/assistants" in request.path] == ["POST", "DELETE"]
