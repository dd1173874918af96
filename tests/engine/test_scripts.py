"""Scripts are values; what no service could do is refused, and what a test leaves over is told."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from hypothesis import given

import understudy as us
from tests.engine.app import ASSISTANT, assistant, outputs_for, poll_to_end, run_to_end, thread
from tests.engine.scripts import scripts
from understudy import (
    AnyFunctionCall,
    CodeInterpreter,
    Expire,
    Fail,
    FileSearch,
    FunctionCall,
    Hang,
    Incomplete,
    Reply,
    SearchResult,
    Wait,
)
from understudy.errors import InternalError


@given(scripts())
def test_the_repr_of_a_script_is_code(script):
    """Pasted back as code, a script is equal to what it was, and has the same hash."""
    again = eval(repr(script), vars(us).copy() | {name: getattr(us, name) for name in us.__all__})
    assert again == script
    assert hash(again) == hash(script)


IMPOSSIBLE = {
    "nothing": (lambda: (), "a script needs at least one move"),
    "an empty list": (lambda: ([],), "needs at least one call"),
    "a reply in a list": (lambda: ([Reply("x")],), "a list is one step of parallel calls"),
    "a word": (lambda: ("hello",), "for a reply write Reply('hello')"),
    "a reply after the end": (lambda: (Fail(), Reply("x")), "ends the run, but Reply('x') comes after it"),
    "two ends": (lambda: (Hang(), Expire()), "ends the run, but Expire() comes after it"),
    "the same id twice": (
        lambda: ([FunctionCall("a", id="call_1"), FunctionCall("b", id="call_1")],),
        "two calls of one step have the same id",
    ),
    "no text": (lambda: (Reply(),), "takes either a text or parts="),
    "no parts": (lambda: (Reply(parts=[]),), "expected a list of at least one text or image (bytes)"),
    "a number for a text": (lambda: (Reply(1),), "expected a str, got int"),
    "chunks of another text": (lambda: (Reply("abc", chunks=["ab"]),), "the chunks join to 'ab', but the text is 'abc'"),
    "an unknown error code": (lambda: (Fail("rate_limit"),), "Did you mean 'rate_limit_exceeded'?"),
    "an unknown reason": (
        lambda: (Incomplete("tired"),),
        "'tired' is not one of 'max_completion_tokens', 'max_prompt_tokens'",
    ),
    "half a cut": (lambda: (Incomplete(cut="a little"),), "Incomplete(cut='a little'): expected True, False or None"),
    "an item of no type": (lambda: (us.ResponseItem({"action": {}}),), "expected an item: a mapping with a 'type'"),
    "an item that is not JSON": (lambda: (us.ResponseItem({"type": "x", "action": {1}}),), "the item is not JSON"),
    "a wait backwards": (lambda: (Wait(-1),), "Wait(-1): expected a number of seconds, at least 0"),
    "a wait for ever": (lambda: (Wait(float("inf")),), "Wait(inf): expected a number"),
    "a wait of words": (lambda: (Wait("5"),), "Wait('5'): expected a number"),
    "no function name": (lambda: (FunctionCall(""),), "FunctionCall(''): expected the name of a function"),
    "arguments that are not JSON": (lambda: (FunctionCall("f", {"x": object()}),), "the arguments are not JSON"),
    "no code": (lambda: (CodeInterpreter(None),), "CodeInterpreter(None): expected the code"),
    "results and a query": (lambda: (FileSearch([], query="x"),), "takes results or query=..., not both"),
    "a score of two": (lambda: (FileSearch([SearchResult("file-1", 2)]),), "expected a number from 0 to 1"),
    "an unknown outcome": (lambda: (Hang(on_cancel="explodes"),), "'explodes' is not one of 'cancelled', 'completes'"),
    "chunks of parts": (
        lambda: (Reply(parts=["a"], chunks=["a"]),),
        "takes chunks=... only with a text, not with parts=...",
    ),
    "a text for a list": (lambda: (Reply("x", citations="file-1"),), "Reply(citations=...): expected a list, got 'file-1'"),
    "a number for a list": (lambda: (Reply("x", images=5),), "Reply(images=...): expected a list, got 5"),
    "a function counted backwards": (lambda: (AnyFunctionCall(-1),), "AnyFunctionCall(-1): expected an index of at least 0"),
}


@pytest.mark.parametrize(("make", "says"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_a_script_alone_shows_is_refused_when_set(make, says):
    """A script that nothing could perform raises a ValueError that says why where it is written, and sets nothing."""
    backend = us.Backend()
    with pytest.raises(ValueError, match=re.escape(says)):
        backend.next_run(*make())
    assert backend.scripts_left == []


def test_async_scripts_are_refused_when_set():
    """A coroutine function cannot be a script, and is told so at once."""

    async def script(run):
        return Reply("x")

    with pytest.raises(ValueError, match="script is async"):
        us.Backend().every_run(script)


NEEDS_RUN = {
    "an unknown function": (FunctionCall("get_wether"),),
    "an unknown file": (Reply("x", citations=["file-none"]),),
    "a citation without a text": (Reply(parts=[b"image"], citations=["file-none"]),),
    "an unknown image": (CodeInterpreter("x", images=["file-none"]),),
    "an unknown result": (FileSearch([SearchResult("file-none")]),),
    "a callable's unknown function": (lambda run: (Reply("x"), FunctionCall("get_wether")),),
    "a callable's nonsense": (lambda run: "hello",),
    "a callable that raises": (lambda run: 1 / 0,),
    "a callable's wait backwards": (lambda run: Wait(-1),),
}


@pytest.mark.parametrize("moves", NEEDS_RUN.values(), ids=NEEDS_RUN)
def test_what_needs_the_run_is_refused_when_it_starts(moves):
    """The app gets a 501 at once, the error names the line that set the script, and no run was made."""
    backend = us.Backend()
    client = backend.client()
    assistant(backend)
    backend.next_run(*moves)
    thread_id = thread(client)
    with pytest.raises(openai.InternalServerError) as caught:
        client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    assert caught.value.status_code == 501
    assert backend.runs == []
    problems = backend.close()
    assert isinstance(problems[0], us.UnderstudyError)
    assert not isinstance(problems[0], InternalError)
    assert f"{__file__}:" in str(problems[0])


def test_a_thread_is_free_after_an_impossible_script():
    """A run that could not be planned never was: the next one starts on the same thread."""
    backend = us.Backend()
    client = backend.client()
    assistant(backend)
    backend.next_run(lambda run: FunctionCall("nobody"))
    thread_id = thread(client)
    with pytest.raises(openai.InternalServerError):
        client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    backend.close()
    assert run_to_end(client, thread_id).status == "completed"


def test_hosted_tools_must_be_on():
    """A script that runs code for an assistant without the code interpreter is refused, naming the tools there are."""
    backend = us.Backend()
    bare = backend.add_assistant()
    backend.next_run(CodeInterpreter("1"))
    client = backend.client()
    with pytest.raises(openai.InternalServerError, match="code_interpreter"):
        client.beta.threads.runs.create(thread(client), assistant_id=bare.id)


def test_generators_get_the_outputs(understudy):
    """A generator script resumes with what the app submitted, in the order of its calls; `run` knows it by name and id."""
    seen = []

    def script(run):
        seen.append((yield [FunctionCall("get_weather", id="call_w"), FunctionCall("get_time")]))
        seen.append(dict(run.outputs))
        yield Reply(f"{run.last_user_text} {run.outputs['get_time']}")

    client = understudy.client()
    assistant(understudy)
    understudy.next_run(script)
    run = run_to_end(client, thread(client, "Well?"))
    assert run.status == "completed"
    assert seen[0] == ["get_weather says so", "get_time says so"]
    assert seen[1]["call_w"] == seen[1]["get_weather"] == "get_weather says so"
    assert understudy.messages(run.thread_id)[-1].text == "Well? get_time says so"


def test_callables_return_a_move_a_tuple_or_a_list(understudy):
    """A tuple is a script, a list one step of parallel calls, a single move itself."""
    client = understudy.client()
    assistant(understudy)
    calls = [FunctionCall("get_weather"), FunctionCall("get_time")]
    for script, steps in [(lambda run: Reply("x"), 1), (lambda run: (Reply("x"), Reply("y")), 2), (lambda run: calls, 1)]:
        understudy.next_run(script)
        run = run_to_end(client, thread(client))
        assert run.status == "completed"
        assert len(client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data) == steps


def test_which_script_a_run_takes():
    """First the queue, as far as assistant and thread fit; then the latest default whose `when` fits; then the sentence."""
    backend = us.Backend()
    client = backend.client()
    assistant(backend)
    here = thread(client, "the weather today")
    backend.every_run(Reply("any"))
    backend.every_run(Reply("weather"), when="weather")
    backend.every_run(Reply("number"), when=re.compile(r"\d"))
    backend.every_run(Reply("long"), when=lambda text: len(text) > 100)
    backend.next_run(Reply("elsewhere"), thread="thread_other")
    backend.next_run(Reply("first"), assistant=ASSISTANT)
    backend.next_run(Reply("second"))
    for expected in ["first", "second", "weather"]:
        run_to_end(client, here)
        assert backend.messages(here)[-1].text == expected
    for text, expected in [("7 up", "number"), ("hm", "any"), ("x" * 101, "long")]:
        other = thread(client, text)
        run_to_end(client, other)
        assert backend.messages(other)[-1].text == expected
    assert "elsewhere" in str(backend.close()[0])


def test_scripts_left_over_name_their_line_and_the_runs_there_were():
    """A script no run took fails the test, with the line that set it and what did run."""
    backend = us.Backend()
    client = backend.client()
    assistant(backend)
    backend.next_run(Reply("for nobody"), thread="thread_typo")
    run = run_to_end(client, thread(client))
    (problem,) = backend.close()
    text = str(problem)
    assert f"{__file__}:" in text
    assert "Reply('for nobody'), thread='thread_typo'" in text
    assert run.thread_id in text


def test_strict_decides_about_both():
    """strict=True refuses a run without a script, naming those that do not fit; strict=False lets scripts go unused."""
    with us.simulate(strict=False) as backend:
        backend.next_run(Reply("unused"))
    backend = us.Backend(strict=True)
    client = backend.client()
    assistant(backend)
    backend.every_run(Reply("x"), when="unsaid")
    with pytest.raises(openai.InternalServerError, match="unsaid"):
        client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT)


def test_a_refused_run_uses_up_no_script(understudy):
    """The 400 of a locked thread leaves the queue as it was."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(Reply("one"))
    understudy.next_run(Reply("two"))
    thread_id = thread(client)
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    with pytest.raises(openai.BadRequestError, match="already has an active run"):
        client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    poll_to_end(client, run)
    run_to_end(client, thread_id)
    assert [message.text for message in understudy.messages(thread_id)][1:] == ["one", "two"]


def test_the_cancel_race(understudy):
    """`Hang(on_cancel="completes")`: the cancel is accepted, and the run completes all the same."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(Reply("just in time"), Hang(on_cancel="completes"))
    thread_id = thread(client)
    run = client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT)
    while client.beta.threads.runs.retrieve(run.id, thread_id=thread_id).status != "in_progress":
        pass
    assert client.beta.threads.runs.cancel(run.id, thread_id=thread_id).status == "cancelling"
    assert poll_to_end(client, run).status == "completed"


def test_a_run_that_completes_in_spite_of_a_cancel_ends_its_reply(understudy):
    """Cancelled amid its reply, such a run completes with what is written by then, as a message that is complete."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(Reply("one two three four"), Hang(on_cancel="completes"))
    with client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT, stream=True) as stream:
        events = []
        for event in stream:
            events.append(event)
            if [seen.event for seen in events].count("thread.message.delta") == 2 and event.event == "thread.message.delta":
                run = understudy.runs[-1]
                client.beta.threads.runs.cancel(run.id, thread_id=run.thread_id)
    assert [event.event for event in events][-4:] == [
        "thread.run.cancelling",
        "thread.message.completed",
        "thread.run.step.completed",
        "thread.run.completed",
    ]
    assert understudy.messages(run.thread_id)[-1].text == "one two"


def test_a_script_that_stops_the_test_is_not_used_up(understudy):
    """What a function script raises to end the test, such as `pytest.skip`, ends it; the next run takes the script."""
    client = understudy.client()
    assistant(understudy)
    skips = iter([True, False])

    def script(run):
        if next(skips):
            pytest.skip("not today")
        yield Reply("Another day.")

    understudy.next_run(script)
    with pytest.raises(pytest.skip.Exception):
        run_to_end(client, thread(client))
    assert len(understudy.scripts_left) == 1
    assert run_to_end(client, thread(client)).status == "completed"


def test_wait_counts_for_the_end_too(understudy):
    """A trailing Wait delays the completion; a Wait past the run's life lets it expire instead."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(Reply("x"), Wait(30))
    run = run_to_end(client, thread(client))
    assert run.completed_at - run.created_at == 38
    understudy.next_run(Wait(700), Reply("too late"))
    assert run_to_end(client, thread(client)).status == "expired"


# -- outputs ------------------------------------------------------------------------


@pytest.fixture
def waiting(understudy):
    """A client, and a run that waits for two outputs."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run([FunctionCall("get_weather", id="call_a"), FunctionCall("get_time", id="call_b")], Reply("both"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
    assert run.status == "requires_action"
    return client, run


def submit(client, run, *ids):
    outputs = [{"tool_call_id": call_id, "output": "x"} for call_id in ids]
    return client.beta.threads.runs.submit_tool_outputs(run.id, thread_id=run.thread_id, tool_outputs=outputs)


@pytest.mark.parametrize("ids", [["call_a"], ["call_a", "call_a"], ["call_a", "call_b", "call_c"], []], ids=str)
def test_partial_repeated_and_foreign_outputs(waiting, understudy, ids):
    """Anything but each call once is refused in the service's words, and the run goes on waiting."""
    client, run = waiting
    with pytest.raises(openai.BadRequestError) as caught:
        submit(client, run, *ids)
    if ids:
        assert f"Expected tool outputs for call_ids ['call_a', 'call_b'], got {ids}" in str(caught.value)
    assert understudy.runs[-1].status == "requires_action"
    assert submit(client, run, "call_b", "call_a").status == "queued"


def test_late_outputs(waiting):
    """Outputs for a run that does not wait are refused, naming its status."""
    client, run = waiting
    submit(client, run, "call_a", "call_b")
    with pytest.raises(openai.BadRequestError, match='Runs in status "queued" do not accept tool outputs'):
        submit(client, run, "call_a", "call_b")
    assert poll_to_end(client, run).status == "completed"
    with pytest.raises(openai.BadRequestError, match='Runs in status "completed" do not'):
        submit(client, run, "call_a", "call_b")


def test_expiry_while_waiting(waiting, understudy):
    """Ten minutes after its creation a waiting run expires, its step too; outputs come too late then."""
    client, run = waiting
    understudy.clock.advance(run.expires_at - understudy.clock.now())
    expired = client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    assert (expired.status, expired.expires_at, expired.required_action) == ("expired", None, None)
    step = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id).data[0]
    assert step.status == "expired"
    with pytest.raises(openai.BadRequestError, match='Runs in status "expired" do not'):
        submit(client, run, "call_a", "call_b")


def test_several_rounds_keep_their_expiry(understudy):
    """Submitting does not extend a run's life, and every round waits for its own calls."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(FunctionCall("get_weather"), FunctionCall("get_time"), Reply("done"))
    run = client.beta.threads.runs.create_and_poll(thread_id=thread(client), assistant_id=ASSISTANT)
    expiry, names = run.expires_at, []
    while run.status == "requires_action":
        names.append(run.required_action.submit_tool_outputs.tool_calls[0].function.name)
        assert run.expires_at == expiry == run.created_at + 600
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs_for(run)
        )
    assert names == ["get_weather", "get_time"]
    assert run.status == "completed"


def test_deleting_the_thread_of_a_live_run(understudy):
    """A deleted thread takes its run along: 404 for who polls, a plain end for who streams."""
    client = understudy.client()
    assistant(understudy)
    understudy.next_run(Hang())
    thread_id = thread(client)
    names = []
    with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
        for event in stream:
            names.append(event.event)
            if event.event == "thread.run.in_progress":
                client.beta.threads.delete(thread_id)
                run_id = event.data.id
    assert names[-1] == "thread.run.in_progress"
    with pytest.raises(openai.NotFoundError, match="No thread found"):
        client.beta.threads.runs.retrieve(run_id, thread_id=thread_id)


def test_streams_of_many_threads_do_not_meet(understudy):
    """Runs streamed at once from several threads each give their own events, whole and in order."""
    assistant(understudy)
    understudy.every_run(lambda run: Reply(run.last_user_text * 20))
    client = understudy.client()

    def ask(number):
        thread_id = thread(client, f"{number} ")
        with client.beta.threads.runs.create(thread_id, assistant_id=ASSISTANT, stream=True) as stream:
            events = list(stream)
        deltas = [event.data.delta.content[0].text.value for event in events if event.event == "thread.message.delta"]
        assert {event.data.thread_id for event in events if event.data.object == "thread.run"} == {thread_id}
        assert events[-1].event == "thread.run.completed"
        return "".join(deltas)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(24))) == [f"{number} " * 20 for number in range(24)]


def test_a_callable_may_look_at_its_thread(understudy):
    """A callable script sees the messages and the metadata of its run, and the settings it goes by."""
    seen = {}

    def script(run):
        seen.update(texts=[message.text for message in run.messages], metadata=run.metadata, model=run.model, now=run.now)
        return Reply("x")

    client = understudy.client()
    assistant(understudy)
    understudy.next_run(script)
    run_to_end(client, thread(client, "Look."), metadata={"k": "v"}, model="gpt-4o-mini")
    assert seen == {"texts": ["Look."], "metadata": {"k": "v"}, "model": "gpt-4o-mini", "now": 1_700_000_000}
