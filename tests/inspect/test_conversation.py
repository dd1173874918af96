"""The conversation of a recording: who said, called and returned what, in order, whichever API it is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import RUN, THREAD, message, run, streamed, written
from tests.cassettes.driving import SHARED, recordings
from tests.effort import sampled
from understudy._cassettes import load
from understudy._inspect.conversation import conversation

RESPONSES = SHARED / "recordings-responses"


def said(path: Path) -> list[tuple[str, str]]:
    """Each entry as its label and its words."""
    return [(entry.label, entry.words) for entry in conversation(load(path))]


def response(number: int, *output: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A response."""
    return {"id": f"resp_{number}", "object": "response", "status": "completed", "output": list(output), **more}


def reply(text: str) -> dict[str, Any]:
    """An output message."""
    return {"type": "message", "role": "assistant", "id": "msg_1", "content": [{"type": "output_text", "text": text}]}


def call(call_id: str = "call_1") -> dict[str, Any]:
    """A function call item."""
    return {"type": "function_call", "id": "fc_1", "call_id": call_id, "name": "weather", "arguments": '{"city":"Paris"}'}


OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
QUESTION = {"role": "user", "content": "How is it in Paris?"}
TURNS = [
    ("user", "How is it in Paris?"),
    ("calls", 'weather({"city":"Paris"})'),
    ("completed", ""),
    ("returns", "sunny"),
    ("assistant", "It is sunny."),
    ("completed", "10 input and 4 output tokens"),
]
USAGE = {"input_tokens": 10, "output_tokens": 4}
CHAINS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "by previous_response_id": (QUESTION["content"], [OUTPUT], {"previous_response_id": "resp_1"}),
    "by sending all again": ([QUESTION], [QUESTION, call(), OUTPUT], {}),
    "by a conversation": ([QUESTION], [OUTPUT], {"conversation": "conv_1"}),
}


@pytest.mark.parametrize("how", CHAINS)
def test_a_tool_loop_on_responses(how: str, tmp_path: Path) -> None:
    """However an app continues it, it is one conversation, and nothing in it is told twice."""
    first, second, more = CHAINS[how]
    start = {"conversation": "conv_1"} if "conversation" in more else {}
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/responses", {"input": first, **start}, response(1, call())),
            ("POST", "/responses", {"input": second, **more}, response(2, reply("It is sunny."), usage=USAGE)),
        ],
    )
    entries = conversation(load(path))
    assert len({entry.conversation for entry in entries}) == 1
    assert [(entry.label, entry.words) for entry in entries] == TURNS


def test_equal_questions_are_conversations_of_their_own(tmp_path: Path) -> None:
    """Two requests that begin alike, and do not continue each other, are not joined."""
    ask = ("POST", "/responses", {"input": "hi"})
    path = written(tmp_path / "c.json", [(*ask, response(1, reply("one"))), (*ask, response(2, reply("two")))])
    assert [entry.conversation for entry in conversation(load(path))] == ["resp_1"] * 3 + ["resp_2"] * 3


def test_a_retry_is_not_a_turn(tmp_path: Path) -> None:
    """A request that was refused and sent again is one question, and the refusal is said."""
    ask = ("POST", "/responses", {"input": "hi"})
    path = written(
        tmp_path / "c.json", [(*ask, (429, {"error": {"message": "Slow down."}})), (*ask, response(2, reply("one")))]
    )
    assert said(path) == [("user", "hi"), ("refused", "429 Slow down."), ("assistant", "one"), ("completed", "")]


def test_a_fork_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    """Two continuations of one response are told apart; what was before is not told again."""
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/responses", {"input": "hi"}, response(1, reply("hello"))),
            ("POST", "/responses", {"input": "a", "previous_response_id": "resp_1"}, response(2, reply("A"))),
            ("POST", "/responses", {"input": "b", "previous_response_id": "resp_1"}, response(3, reply("B"))),
        ],
    )
    entries = [(entry.conversation, entry.text) for entry in conversation(load(path)) if entry.kind != "outcome"]
    assert entries == [
        *(("resp_1", text) for text in ("hi", "hello", "a", "A")),
        *(("resp_3", text) for text in ("b", "B")),
    ]


def test_streams_of_responses(tmp_path: Path) -> None:
    """A stream says what its last response says; one that was cut, what came until then, and that it ends there."""
    done = response(1, {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}, reply("hello"))
    whole = streamed(("response.created", {"response": response(1)}), ("response.completed", {"response": done}))
    item = {"item": reply("hel"), "output_index": 0}
    cut = streamed(
        ("response.created", {"response": response(2, status="in_progress")}), ("response.output_item.done", item)
    )
    path = written(
        tmp_path / "c.json",
        [("POST", "/responses", {"input": "hi"}, whole), ("POST", "/responses", {"input": "ho"}, cut)],
    )
    assert said(path) == [
        ("user", "hi"),
        ("reasoning", "Hm."),
        ("assistant", "hello"),
        ("completed", ""),
        ("user", "ho"),
        ("assistant", "hel"),
        ("incomplete", "the stream ends here"),
    ]


def test_a_background_response_is_told_when_it_is_over(tmp_path: Path) -> None:
    """Polls that show it at work say nothing; the one that shows its end does, once."""
    busy = response(1, status="queued")
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/responses", {"input": "hi", "background": True}, busy),
            ("GET", "/responses/resp_1", None, busy),
            ("GET", "/responses/resp_1", None, response(1, reply("hello"))),
            ("GET", "/responses/resp_1", None, response(1, reply("hello"))),
        ],
    )
    entries = conversation(load(path))
    assert [(entry.label, entry.exchange) for entry in entries] == [("user", 0), ("assistant", 2), ("completed", 2)]


def test_tools_of_the_service(tmp_path: Path) -> None:
    """Each kind of call is named, with what was asked of it and what came back; what is unknown is named too."""
    code = {"type": "code_interpreter_call", "id": "ci_1", "code": "1 + 1", "outputs": [{"type": "logs", "logs": "2"}]}
    search = {"type": "file_search_call", "id": "fs_1", "queries": ["x"], "results": [{"filename": "a.txt"}]}
    odd = {"type": "hologram", "id": "h_1"}
    path = written(tmp_path / "c.json", [("POST", "/responses", {"input": "hi"}, response(1, code, search, odd))])
    assert said(path)[1:-1] == [
        ("calls", "code_interpreter(1 + 1)"),
        ("returns", "2"),
        ("calls", 'file_search(["x"])'),
        ("returns", "a.txt"),
        ("item", "hologram"),
    ]


def test_named_conversations_are_told_apart(tmp_path: Path) -> None:
    """Each has its own items, from a response, from the app, or only in a list; each is said once."""
    thinking = {"type": "reasoning", "id": "rs_1", "summary": []}

    def listed(*items: dict[str, Any]) -> dict[str, Any]:
        return {"object": "list", "data": list(items), "has_more": False}

    path = written(
        tmp_path / "c.json",
        [
            (
                "POST",
                "/responses",
                {"input": [QUESTION, "no item"], "conversation": "conv_1"},
                response(1, thinking, reply("A")),
            ),
            ("POST", "/responses", {"input": "hi", "conversation": {"id": "conv_2"}}, response(2, reply("B"))),
            ("POST", "/conversations/conv_1/items", {"items": [{"role": "user", "content": "added"}]}, listed()),
            ("GET", "/conversations/conv_1/items", None, listed(reply("later"), reply("A"), thinking, QUESTION)),
        ],
    )
    entries = [(entry.conversation, entry.text) for entry in conversation(load(path)) if entry.kind != "outcome"]
    assert entries == [
        *(("conv_1", text) for text in (QUESTION["content"], "(no summary)", "A", "added", "later")),
        *(("conv_2", text) for text in ("hi", "B")),
    ]


def test_parts_of_messages(tmp_path: Path) -> None:
    """Texts in either form are joined; an image, or a part of another kind, is named; what is no part is left out."""
    file = {"type": "image_file", "image_file": {"file_id": "file-1"}}
    parts = [{"type": "input_text", "text": "one"}, "two", 3, file, {"type": "hologram"}]
    path = written(
        tmp_path / "c.json",
        [("POST", "/responses", {"input": [{"role": "user", "content": parts}]}, response(1, reply("A")))],
    )
    assert said(path)[0] == ("user", "onetwo[image_file file-1][hologram]")


def test_outputs_that_only_a_step_shows(tmp_path: Path) -> None:
    """What a function returned is said once: as it was submitted, or else as the step shows it."""
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "f", "arguments": "{}", "output": f"o{number}"}}
        for number in (1, 2)
    ]
    details = {"type": "tool_calls", "tool_calls": calls}
    step = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "thread_id": "thread_1", "created_at": 3}
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sent"}, {"tool_call_id": "call_2", "output": None}]}
    path = written(
        tmp_path / "c.json",
        [
            ("POST", f"{RUN}/submit_tool_outputs", outputs, run("queued", created_at=2)),
            (
                "GET",
                f"{RUN}/steps",
                None,
                {"object": "list", "data": [step | {"step_details": details, "type": "tool_calls"}]},
            ),
            ("GET", RUN, None, run("completed", created_at=2)),
        ],
    )
    assert [words for label, words in said(path) if label == "returns"] == ["sent", "o2"]


def test_a_thread(tmp_path: Path) -> None:
    """Messages that a thread was made with, a run's calls and the outputs of the app, its reply and its end, in order."""
    action = {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]
        },
    }
    usage = {"prompt_tokens": 10, "completion_tokens": 4}
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sunny"}]}
    path = written(
        tmp_path / "c.json",
        [
            (
                "POST",
                "/threads",
                {"messages": [{"role": "user", "content": "given along"}]},
                {"id": "thread_1", "object": "thread", "created_at": 1},
            ),
            ("POST", f"{THREAD}/messages", {}, message(2)),
            ("POST", f"{THREAD}/runs", {}, run("queued", created_at=3, instructions="Be brief.")),
            ("GET", RUN, None, run("requires_action", created_at=3, required_action=action)),
            ("POST", f"{RUN}/submit_tool_outputs", outputs, run("queued", created_at=3)),
            ("GET", RUN, None, run("completed", created_at=3, usage=usage)),
            ("GET", f"{THREAD}/messages", None, {"object": "list", "data": [message(4, "run_1"), message(2)]}),
        ],
    )
    assert said(path) == [
        ("user", "given along"),
        ("user", "text 2"),
        ("instructions", "Be brief."),
        ("calls", "weather({})"),
        ("returns", "sunny"),
        ("assistant", "text 4"),
        ("completed", "10 input and 4 output tokens"),
    ]


@pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")
@sampled(5)
def test_every_real_recording_has_its_conversation(every: int) -> None:
    """Of either API, none raises; whatever made a response or a run has an entry."""
    for path in [*recordings(), *sorted(RESPONSES.glob("*/*.yaml"))][::every]:
        session = load(path)
        numbers = {entry.exchange for entry in conversation(session)}
        for exchange in session:
            if exchange.method == "POST" and exchange.path == "/responses":
                assert exchange.index in numbers, (path, exchange)
