"""What the bot says and does, for scripts that say what the model does."""

import json

import pytest

from support_bot import APOLOGY
from understudy import Backend, Fail, FunctionCall, RateLimited, Reply, ServerError, StreamCut

pytestmark = pytest.mark.understudy(time="sleep", strict=True)


async def test_says_what_the_model_writes_piece_by_piece(understudy: Backend, bot, said):
    understudy.next_run(Reply(chunks=["Hello", " there", "!"]))
    await bot.answer("Hi")
    assert said == ["Hello", " there", "!"]


async def test_looks_an_order_up(understudy: Backend, bot, said):
    def model(run):
        (order,) = yield FunctionCall("look_up_order", {"order": "A-17"})
        yield Reply(f"You ordered {json.loads(order)['item']}.")

    understudy.next_run(model)
    await bot.answer("What did I order? A-17")
    assert "".join(said) == "You ordered a teapot."


async def test_parallel_calls_are_answered_together(understudy: Backend, bot, said):
    understudy.next_run(
        [FunctionCall("look_up_order", {"order": "A-17"}), FunctionCall("look_up_order", {"order": "B-4"})],
        Reply("A teapot and a cup."),
    )
    await bot.answer("What did I order? A-17 and B-4")
    (submitted,) = [request.json for request in understudy.requests if request.path.endswith("/submit_tool_outputs")]
    assert [json.loads(each["output"])["item"] for each in submitted["tool_outputs"]] == ["a teapot", "a cup"]


async def test_refunds(understudy: Backend, bot, shop, said):
    understudy.next_run(FunctionCall("refund", {"order": "B-4", "reason": "broken"}), Reply("Done."))
    await bot.answer("My cup (B-4) is broken!")
    assert shop.refunds == {"B-4": "broken"}


@pytest.mark.parametrize("arguments", [{"order": "Z-0"}, {"oder": "A-17"}, '{"order": "A-1', "null"])
async def test_nonsense_is_told_to_the_model(understudy: Backend, bot, said, arguments):
    """Models ask for orders that do not exist, and write broken JSON: the bot says so, and the model goes on."""

    def model(run):
        (output,) = yield FunctionCall("look_up_order", arguments)
        yield Reply("Which order, please?" if "error" in json.loads(output) else "?")

    understudy.next_run(model)
    await bot.answer("Where is it?")
    assert "".join(said) == "Which order, please?"


async def test_apologises_when_the_run_fails(understudy: Backend, bot, said):
    understudy.next_run(Fail("server_error"))
    await bot.answer("Hi")
    assert said == [APOLOGY]


async def test_a_conversation_goes_on_in_its_thread(understudy: Backend, bot, said):
    understudy.every_run(Reply("Yes."))
    await bot.answer("Is it open?")
    await bot.answer("Today, too?")
    assert len(understudy.threads) == 1
    assert len(understudy.messages(understudy.threads[0].id)) == 4


async def test_a_refund_whose_answer_got_lost(understudy: Backend, bot, shop, said):
    """The outputs arrived, the answer did not. The SDK sends them again and is refused; the run tells what happened."""
    understudy.next_run(FunctionCall("refund", {"order": "A-17", "reason": "lost"}), Reply("Refunded."))
    understudy.fault(ServerError(), on="runs.submit_tool_outputs", phase="after")
    await bot.answer("My teapot (A-17) is lost!")
    assert shop.refunds == {"A-17": "lost"}
    assert [run.status for run in understudy.runs] == ["completed"]


async def test_a_stream_that_breaks_off_is_polled_to_its_end(understudy: Backend, bot, said):
    understudy.next_run(Reply(chunks=["Half a", " sentence."]))
    understudy.fault(StreamCut(), event="thread.message.delta")
    await bot.answer("Hi")
    assert said == ["Half a sentence."]


async def test_waits_as_long_as_it_is_told_to(understudy: Backend, bot, said):
    understudy.fault(RateLimited(retry_after=30), on="runs.create")
    understudy.next_run(Reply("Hello!"))
    before = understudy.clock.now()
    await bot.answer("Hi")
    assert understudy.clock.now() - before >= 30
    understudy.client_misuse().check()
