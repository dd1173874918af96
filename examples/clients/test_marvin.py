"""marvin 2.3.8, unchanged: its assistants, tools and threads against the simulator."""

from __future__ import annotations

import pytest

pytest.importorskip("marvin", reason="needs marvin==2.3.8, see README.md")

from marvin.beta.assistants import Assistant, Thread

from understudy import Backend, CodeInterpreter, FunctionCall, Incomplete, Reply

pytestmark = pytest.mark.understudy(other="pass")


def temperature(city: str) -> str:
    """Look up the temperature of a city."""
    return f"21 degrees in {city}"


def texts(run) -> list[str]:
    """Give the texts of a finished run's messages."""
    return [part.text.value for message in run.messages for part in message.content]


def test_a_tool_loop(understudy: Backend) -> None:
    """marvin calls the function the script names and hands its result back to the run."""
    understudy.next_run(FunctionCall("temperature", {"city": "Lisbon"}), Reply("It is 21 degrees."))
    with Assistant(name="Guide", tools=[temperature]) as guide:
        run = guide.say("How warm is Lisbon?", event_handler_class=None)
    assert texts(run)[-1] == "It is 21 degrees."
    (submitted,) = [request for request in understudy.requests if request.path.endswith("submit_tool_outputs")]
    assert submitted.json["tool_outputs"][0]["output"] == "21 degrees in Lisbon"


def test_a_thread_made_with_null_messages(understudy: Backend) -> None:
    """A new thread is created with `messages: null`, which the service takes for "not given" (REP)."""
    thread = Thread()
    thread.create()
    assert [request.json for request in understudy.requests] == [{"messages": None}]


def test_a_conversation_is_kept(understudy: Backend) -> None:
    """Two questions to one assistant are four messages of one thread."""
    understudy.every_run(Reply("Yes."))
    with Assistant(name="Guide") as guide:
        for question in ("Is it warm?", "And dry?"):
            guide.say(question, event_handler_class=None)
    (thread,) = understudy.threads
    assert [message.role for message in understudy.messages(thread.id)] == ["user", "assistant"] * 2


def test_code_is_shown(understudy: Backend) -> None:
    """A code interpreter's step comes back among the run's steps."""
    from marvin.tools.assistants import CodeInterpreter as Tool

    understudy.next_run(CodeInterpreter("print(1 + 1)", logs="2\n"), Reply("It is 2."))
    with Assistant(name="Calculator", tools=[Tool]) as calculator:
        run = calculator.say("1 + 1?", event_handler_class=None)
    assert [step.type for step in run.steps] == ["tool_calls", "message_creation"]


def test_an_incomplete_run(understudy: Backend) -> None:
    """A run that ends incomplete ends marvin's stream, with the run's status."""
    understudy.next_run(Reply("half a sen"), Incomplete("max_completion_tokens"))
    with Assistant(name="Guide") as guide:
        run = guide.say("A long story?", event_handler_class=None)
    assert run.run.status == "incomplete"
