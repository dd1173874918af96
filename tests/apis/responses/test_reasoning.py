"""Reasoning items, their parts and their companions; and what a message cannot hold."""

from __future__ import annotations

import re
from typing import Any

import openai
import pytest
from openai import OpenAI

import understudy
from understudy import CodeInterpreter, FunctionCall, Reason, Reply, simulate

ASKED: Any = {"model": "gpt-5-mini", "tools": [{"type": "function", "name": "f"}]}


def test_a_summary_of_several_parts() -> None:
    """Each part of a summary is a part of the item; streamed, the parts come one after the other, and add up."""
    with simulate(script=(Reason(["First this. ", "Then that."]), Reply("Yes."))) as backend:
        client = backend.client()
        item = client.responses.create(input="x", **ASKED).output[0]
        assert [part.text for part in item.summary] == ["First this. ", "Then that."]
        events = [event for event in client.responses.create(input="x", stream=True, **ASKED) if "summary" in event.type]
        kinds = [event.type.removeprefix("response.reasoning_summary_") for event in events]
        numbers = [event.summary_index for event in events if not event.type.endswith("text.delta")]
        assert [kind for kind in kinds if kind != "text.delta"] == ["part.added", "text.done", "part.done"] * 2
        assert numbers == [0, 0, 0, 1, 1, 1]
        deltas = [event for event in events if event.type.endswith("text.delta")]
        assert ["".join(one.delta for one in deltas if one.summary_index == number) for number in (0, 1)] == [
            "First this. ",
            "Then that.",
        ]


@pytest.mark.parametrize("parts", [["a b", "c"], ["", "c"], [""]])
def test_the_sdk_accumulates_the_parts(parts: list[str]) -> None:
    """`responses.stream()` ends with the response that `retrieve` gives, summary parts included, and as it was streamed."""
    with simulate(script=(Reason(parts), Reply("Yes."))) as backend:
        client = backend.client()
        with client.responses.stream(input="x", **ASKED) as stream:
            deltas = [event for event in stream if event.type == "response.reasoning_summary_text.delta"]
            final = stream.get_final_response()
        assert ["".join(one.delta for one in deltas if one.summary_index == at) for at in range(len(parts))] == parts
        assert final.output[0].to_dict() == client.responses.retrieve(final.id).output[0].to_dict()


@pytest.mark.parametrize("summary", [[], [1], 7, {"a": "b"}, ["a", None]])
def test_another_summary_is_refused(summary: Any) -> None:
    """A summary is a text, or a list of at least one; the error says so."""
    with pytest.raises(understudy.errors.ImpossibleScript, match=r"expected a str, a list of at least one str, or None"):
        Reason(summary)


def test_several_parts_are_code() -> None:
    """The repr of the move gives an equal one."""
    move = Reason(["a", "b"])
    assert eval(repr(move), {"Reason": Reason}) == move == Reason(("a", "b"))


@pytest.mark.parametrize("kind", ["message", "function_call"])
def test_an_item_without_its_thought_is_refused(kind: str) -> None:
    """An item that the model wrote after a thought is not taken without it, in the service's words; with it, it is."""
    script = (Reason("Hm."), Reply("Yes.")) if kind == "message" else (Reason("Hm."), FunctionCall("f"), Reply("Yes."))
    with simulate(script=script):
        client = OpenAI()
        thought, item = client.responses.create(input="x", **ASKED).output
        question: Any = {"role": "user", "content": "x"}
        more: Any = [{"role": "user", "content": "y"}]
        if kind == "function_call":
            more = [{"type": "function_call_output", "call_id": item.call_id, "output": "1"}]
        text = f"Item '{item.id}' of type '{kind}' was provided without its required 'reasoning' item: '{thought.id}'."
        with pytest.raises(openai.BadRequestError, match=re.escape(text)) as caught:
            client.responses.create(input=[question, item.to_dict(), *more], **ASKED)
        assert (caught.value.param, caught.value.code) == ("input", None)
        both: Any = [question, thought.to_dict(), item.to_dict(), *more]
        assert client.responses.create(input=both, **ASKED).status == "completed"
        nameless = {key: value for key, value in item.to_dict().items() if key != "id"}
        assert client.responses.create(input=[question, nameless, *more], **ASKED).status == "completed"  # not known again


@pytest.mark.parametrize("reply", [Reply("Look:", images=[b"png"]), Reply(parts=["Look:", b"png"])], ids=["images", "parts"])
def test_images_in_a_message_are_refused(reply: Reply) -> None:
    """The messages of a response hold only text: the test is given the reason and the way out; a run takes the same."""
    with (
        pytest.raises(understudy.errors.ImpossibleScript, match=r"are text only: use CodeInterpreter"),
        simulate(script=reply),
    ):
        with pytest.raises(openai.InternalServerError, match="are text only"):
            OpenAI().responses.create(input="x", **ASKED)
    with simulate(script=reply) as backend:
        assistant, thread = backend.add_assistant(), backend.add_thread(messages=["x"])
        OpenAI().beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        assert [part["type"] for part in backend.messages(thread.id)[-1].content] == ["text", "image_file"]


def test_images_of_code_are_outputs() -> None:
    """What code draws is an output of its item, where it is asked for."""
    with simulate(script=(CodeInterpreter("plot()", images=[b"png"]), Reply("Look."))):
        tool: Any = {"type": "code_interpreter", "container": {"type": "auto"}}
        response = OpenAI().responses.create(
            model="gpt-4o", input="x", tools=[tool], include=["code_interpreter_call.outputs"]
        )
        assert [output.type for output in response.output[0].outputs] == ["image"]
