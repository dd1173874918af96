"""Each port beside the app that it takes the place of, on the same scripts."""

import careless_tutor_port
import pytest
import support_bot_port
import tutor_port
from hypothesis import given, settings
from openai import AsyncOpenAI, OpenAI

import support_bot
import tutor
import understudy
from understudy import Fail, FunctionCall, Incomplete, Reply
from understudy import strategies as us

QUESTIONS = ("Solve 3x + 11 = 14.", "And 2x = 8?")


def asking(kind):
    """An app: a pupil who asks two questions."""

    def app():
        with OpenAI() as client:
            pupil = kind(client)
            return [pupil.ask(question) for question in QUESTIONS]

    return app


def serving(kind, *more):
    """An app: a customer who writes twice; what was said and refunded is its result."""

    async def app():
        shop = support_bot.Shop({"A-17": {"item": "a teapot", "price": 30}, "B-4": {"item": "a cup", "price": 5}})
        said = []
        async with AsyncOpenAI() as client:
            bot = kind(client, shop, *more, said.append)
            for question in ("Where is A-17?", "I want my money back."):
                await bot.answer(question)
        return "".join(said), shop.refunds

    return app


def support_desk(backend):
    backend.add_assistant(id="asst_support", tools=support_bot.TOOLS, model="gpt-4o")


OLD_BOT = serving(support_bot.SupportBot, "asst_support")
NEW_BOT = serving(support_bot_port.SupportBot)


@pytest.mark.parametrize(
    "script",
    [
        (Reply("x = 1"),),
        (Reply("Three steps:"), Reply("x = 1")),
        (Reply("x ="), Incomplete("max_completion_tokens")),
        (Fail("rate_limit_exceeded", "No quota left."),),
        (Fail("server_error", "Oops."),),
    ],
)
def test_the_tutor(script):
    report = understudy.parity(asking(tutor.Tutor), asking(tutor_port.Tutor), script=script, time="sleep")
    assert report.same, report


def test_what_the_careless_port_forgets():
    report = understudy.parity(
        asking(tutor.Tutor), asking(careless_tutor_port.Tutor), script=(Reply("x = 1"),), time="sleep"
    )
    assert [(one.kind, one.turn, one.new) for one in report.differences] == [("instructions", 2, None)]


@pytest.mark.parametrize(
    "script",
    [
        (FunctionCall("look_up_order", {"order": "A-17"}), Reply("Your teapot is on its way.")),
        (
            [FunctionCall("look_up_order", {"order": "A-17"}), FunctionCall("look_up_order", {"order": "B-4"})],
            Reply("Both."),
        ),
        (FunctionCall("look_up_order", {"order": "Z"}), Reply("Which order?")),
        (FunctionCall("refund", {"order": "B-4", "reason": "broken"}), Fail("server_error", "Oops.")),
        (Reply("One moment."), FunctionCall("refund", {"order": "B-4", "reason": "lost"}), Reply("Done.")),
    ],
)
def test_the_support_bot(script):
    report = understudy.parity(OLD_BOT, NEW_BOT, script=script, set_up=support_desk, time="sleep")
    assert report.same, report


@given(us.run_scripts(tools=support_bot.TOOLS, api="both"))
@settings(max_examples=10, deadline=None)
def test_the_support_bot_on_any_script(script):
    understudy.parity(OLD_BOT, NEW_BOT, script=script, set_up=support_desk, time="sleep").check()
