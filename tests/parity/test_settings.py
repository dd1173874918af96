"""Settings of a run and of a response: the same by either name, and named where only one side has them."""

from __future__ import annotations

from typing import Any

import pytest
from openai import OpenAI

import understudy
from tests.parity.apps import MODEL, NewApp, OldApp
from tests.parity.rows import ROWS, Row, stores
from understudy import Hang, Reply
from understudy.types import Difference

ONE = ("What is the weather?",)
THINKER = "o3-mini"
CHOSEN: Any = {"type": "function", "name": "get_weather"}
SETTINGS: dict[str, tuple[Any, Any, Any]] = {  # as a run has it, as a response has it, and as a difference shows it
    "reasoning effort": ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}, {"reasoning_effort": "low"}),
    "a chosen function": (
        {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
        {"tool_choice": CHOSEN},
        {"tool_choice": CHOSEN},
    ),
    "one call at a time": ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}, {"parallel_tool_calls": False}),
}


@pytest.mark.parametrize(("run", "request_", "shown"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_is_the_same_on_both(run: Any, request_: Any, shown: Any) -> None:
    """What both APIs have under names of their own is equal; a port without it differs in it, whichever side it is."""
    model = {"model": THINKER} if "reasoning" in request_ else {"model": MODEL}
    old, port, lacking = (
        OldApp(ONE, run=run, assistant=model),
        NewApp(ONE, request=model | request_),
        NewApp(ONE, request=model),
    )
    assert understudy.parity(old, port).same
    [difference] = understudy.parity(old, lacking).differences
    assert (difference.kind, difference.old, difference.new) == ("parameter", shown, None)
    [difference] = understudy.parity(lacking, old).differences
    assert (difference.kind, difference.old, difference.new) == ("parameter", None, shown)


def test_what_a_run_cannot_have_is_named() -> None:
    """A response's verbosity has no counterpart: the difference says so."""
    new = NewApp(ONE, request={"model": "gpt-5", "text": {"verbosity": "low"}})
    report = understudy.parity(OldApp(ONE, assistant={"model": "gpt-5"}), new)
    assert report.differences == [Difference("parameter", 1, None, {"verbosity": "low"}, "a run has no verbosity")]


SWAPPED = ("additional_instructions", "attachments", "a run's own tools replace the assistant's")


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in SWAPPED], ids=lambda row: row.name)
def test_the_sides_may_be_swapped(row: Row) -> None:
    """A port back to runs is judged by the same rules: each difference has its two values exchanged."""
    there = understudy.parity(row.old, row.wrong, script=row.script, set_up=row.set_up)
    back = understudy.parity(row.wrong, row.old, script=row.script, set_up=row.set_up)
    assert {one.kind for one in back.differences} == {one.kind for one in there.differences}
    assert [(one.old, one.new) for one in back.differences] == [(one.new, one.old) for one in there.differences]


def test_a_file_that_was_sent_earlier_is_there() -> None:
    """What the old app attaches to its second message, and the port sent with its first, the port does not lack."""
    file_id = "file-notes0000000000000000"
    tools: Any = [{"type": "file_search"}]
    attached: Any = {"content": "And now?", "attachments": [{"file_id": file_id, "tools": tools}]}
    sent: Any = [{"type": "input_text", "text": "Hello."}, {"type": "input_file", "file_id": file_id}]
    new = NewApp([[{"role": "user", "content": sent}], "And now?"], request={"tools": []})
    report = understudy.parity(OldApp(["Hello.", attached], assistant={"tools": []}), new, set_up=stores)
    assert [(one.turn, one.old, one.new) for one in report.differences] == [(1, None, {"attachments": ["notes.txt"]})]


# -- what a simulation's transcript shows of what goes on, or is gone ---------------------


def test_a_run_that_goes_on_is_unfinished(understudy: Any) -> None:
    """The transcript of a run that has not ended, on a thread without messages, says so, and that it was asked nothing."""
    understudy.every_run(Hang())
    assistant = understudy.add_assistant(model=MODEL, instructions="Greet.")
    run = understudy.client().beta.threads.create_and_run(assistant_id=assistant.id)
    assert [(entry.kind, entry.value) for entry in understudy.transcript()] == [
        ("instructions", "Greet."),
        ("outcome", "unfinished"),
    ]
    understudy.client().beta.threads.runs.cancel(run.id, thread_id=run.thread_id)


def test_files_of_a_deleted_store_are_unknown(understudy: Any) -> None:
    """A store that the app deleted at its end is no difference: what was in it is equal to anything."""
    stores(understudy)
    with understudy.client() as client:
        resources: Any = {"file_search": {"vector_store_ids": ["vs_notes"]}}
        assistant = client.beta.assistants.create(model=MODEL, tools=[{"type": "file_search"}], tool_resources=resources)
        client.beta.threads.create_and_run_poll(assistant_id=assistant.id, instructions="Greet.")
        before = understudy.transcript()
        client.vector_stores.delete("vs_notes")
    after = understudy.transcript()
    assert [str(one.value) for one in before if one.kind == "tools"] == ["{'file_search': {'files': ['notes.txt']}}"]
    assert [str(one.value) for one in after if one.kind == "tools"] == ["{'file_search': {'files': (unknown)}}"]
    assert before == after


def test_a_transcript_is_a_sequence(understudy: Any) -> None:
    """Its entries have a length, an index and slices; it is equal to no other kind of value, and its repr says its size."""
    understudy.next_run(Reply("Sunny."))
    with OpenAI() as client:
        client.responses.create(model=MODEL, input="The weather?")
    transcript = understudy.transcript()
    assert [entry.value for entry in transcript[:2]] == ["The weather?", "Sunny."]
    assert (len(transcript), transcript[-1].kind) == (3, "outcome")
    assert transcript != list(transcript)
    assert repr(transcript) == "<Transcript of responses: 1 turns, 3 entries>"
