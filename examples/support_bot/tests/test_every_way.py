"""Whatever a run does, and whatever goes wrong on the way: the customer is answered, and the API is treated well."""

import pytest
from hypothesis import given, settings
from openai import AsyncOpenAI

import understudy as us
from support_bot import APOLOGY, TOOLS, Shop, SupportBot
from understudy import strategies


def check(backend: us.Backend, said: list[str]) -> None:
    """The customer got the whole answer, or an apology at the end; nothing was done twice, no run was left behind."""
    (run,) = backend.runs or [None]
    if run is not None and run.status == "completed":
        written = [message.text for message in backend.messages(run.thread_id) if message.role == "assistant"]
        assert "".join(said) == "".join(written)
    else:
        assert said[-1] == APOLOGY
    backend.client_misuse().check(allow=["late_outputs"])  # of the SDK's own retry: the bot looked at the run and continued


@pytest.mark.understudy(time="sleep")
@us.every_lifecycle(depth=2, faults=1)
async def test_every_way_a_run_can_go(understudy, bot, said, script):
    understudy.perform(script)
    await bot.answer("Where is my teapot?")
    check(understudy, said)


@given(strategies.run_scripts(tools=TOOLS, faults=2))
@settings(max_examples=10, deadline=None)
async def test_any_number_of_calls_and_faults(script):
    said: list[str] = []
    with us.simulate(script=script, time="sleep") as backend:
        assistant = backend.add_assistant(tools=TOOLS)
        await SupportBot(AsyncOpenAI(), Shop({}), assistant.id, said.append).answer("Where is my teapot?")
        check(backend, said)
