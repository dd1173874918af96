"""Transcripts of recordings that show a part: a session that goes on from another, a list of some messages, lost bodies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from openai import OpenAI

import understudy
from tests.cassettes.building import THREAD, listed, message, streamed, written
from tests.cassettes.loopback import served
from tests.parity.apps import FUNCTION, MODEL, NewApp, OldApp
from tests.parity.test_recordings import SCRIPT, recorded, streaming_new
from understudy import CodeInterpreter, Reply

THREAD_ID, OTHER_THREAD_ID = "thread_aaaaaaaaaaaaaaaaaaaaaaaa", "thread_bbbbbbbbbbbbbbbbbbbbbbbb"


def recorded_from(backend: understudy.Backend, path: Path, app: Callable[[OpenAI], Any]) -> Any:
    """Record a session with a simulation that may have had others; return what the app does."""
    with served(backend) as base, OpenAI(base_url=f"{base}/v1", api_key="sk-loopback") as client:
        with understudy.use_cassette(path, record="all", rename_ids=False, hosts=[base]):
            return app(client)


def texts(context: Any) -> list[tuple[str, str]]:
    """Return the messages of a context, each as its role and its text."""
    return [(message.role, message.text) for message in context]


def ask(client: OpenAI, assistant_id: str, thread_id: str, question: str) -> Any:
    """Ask in a thread; return the run at its end."""
    client.beta.threads.messages.create(thread_id, role="user", content=question)
    return client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)


# -- sessions that go on from another -----------------------------------------------


def test_what_a_thread_held_before_is_its_context(tmp_path: Path) -> None:
    """Messages that were there before, seen in a list, come before what the session says, each in its own thread."""
    backend = understudy.Backend(script=(Reply("Sunny."),))
    assistant = backend.add_assistant(model=MODEL)
    for thread_id, text in ((THREAD_ID, "I live in Paris."), (OTHER_THREAD_ID, "I live in Rome.")):
        backend.add_thread(id=thread_id, messages=[{"role": "user", "content": text}])
        backend.add_message(thread_id, "Noted.", role="assistant")

    def app(client: OpenAI) -> None:
        for thread_id in (THREAD_ID, OTHER_THREAD_ID):
            ask(client, assistant.id, thread_id, "And the weather?")
            client.beta.threads.messages.list(thread_id)

    recorded_from(backend, tmp_path / "c.yaml", app)
    transcript = understudy.transcript(tmp_path / "c.yaml")
    assert transcript == backend.transcript(), transcript
    assert [texts(turn.context) for turn in transcript.turns] == [
        [("user", f"I live in {city}."), ("assistant", "Noted.")] for city in ("Paris", "Rome")
    ]


def test_a_session_that_only_looks_back_shows_what_was_done(tmp_path: Path) -> None:
    """A run that an earlier session made, with its steps and messages: who asked is unknown, what was done is not."""
    backend = understudy.Backend(script=(*SCRIPT[:1], CodeInterpreter("1 + 1", logs="2"), *SCRIPT[1:]))
    with backend.client() as client:
        tools: Any = [{"type": "function", "function": FUNCTION}, {"type": "code_interpreter"}]
        assistant = client.beta.assistants.create(model=MODEL, tools=tools)
        thread = client.beta.threads.create()
        made = ask(client, assistant.id, thread.id, "The weather?")
        [call] = made.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [{"tool_call_id": call.id, "output": "sunny"}]
        threads = client.beta.threads
        threads.runs.submit_tool_outputs_and_poll(run_id=made.id, thread_id=thread.id, tool_outputs=outputs)

    def app(client: OpenAI) -> None:
        client.beta.threads.runs.retrieve(made.id, thread_id=thread.id)
        client.beta.threads.runs.steps.list(made.id, thread_id=thread.id)
        client.beta.threads.messages.list(thread.id)

    recorded_from(backend, tmp_path / "c.yaml", app)
    transcript = understudy.transcript(tmp_path / "c.yaml")
    assert transcript == backend.transcript(), transcript
    shown = [(entry.kind, str(entry.value)) for entry in transcript if entry.kind not in ("instructions", "tools")]
    assert shown[0] == ("user", "(unknown)")
    assert [kind for kind, _ in shown[1:]] == ["call", "output", "call", "output", "reply", "outcome"]
    assert shown[2] == ("output", "sunny")


def in_a_conversation() -> None:
    """The new app with a conversation."""
    app: Any = NewApp(("a",), request=lambda turn, first: {"conversation": conversation, "previous_response_id": None})
    with OpenAI() as client:
        conversation = client.conversations.create().id
        app()


APPS = {"old": OldApp(("a",)), "new": NewApp(("a",)), "new stream": streaming_new, "conversation": in_a_conversation}


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_what_was_lost_is_no_difference(app: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """A recording that begins late, or has lost what was sent, differs from the whole in nothing that it does not show."""
    whole, path = tmp_path / "whole.json", tmp_path / "part.json"
    recorded(tmp_path / "whole.yaml", app, SCRIPT, monkeypatch)
    document = yaml.safe_load((tmp_path / "whole.yaml").read_text(encoding="utf-8"))
    whole.write_text(json.dumps(document), encoding="utf-8")  # JSON is read faster
    exchanges = document["interactions"]
    parts = {f"from #{first} on": exchanges[first:] for first in range(1, len(exchanges))}
    parts |= {f"one request in {every} lost": without_requests(exchanges, every) for every in (1, 2)}
    for what, left in parts.items():
        path.write_text(json.dumps({**document, "interactions": left}), encoding="utf-8")
        report = understudy.parity(path, whole)
        assert report.same or not report.old.turns, f"{what}: {report}"


def without_requests(exchanges: Sequence[Any], every: int) -> list[Any]:
    """Return exchanges of which one in so many has lost what was sent."""
    lost = [{**one, "request": {**one["request"], "body": None}} for one in exchanges]
    return [gone if number % every == 0 else one for number, (one, gone) in enumerate(zip(exchanges, lost, strict=True))]


@pytest.mark.parametrize("how", ["previous_response_id", "conversation"])
def test_lost_requests_leave_the_context_unknown(how: str, tmp_path: Path) -> None:
    """Whatever a lost request brought, the turns after it see as much of it as is shown: nothing is a difference."""
    backend = understudy.Backend(script=SCRIPT)
    with backend.client() as client:
        conversation = client.conversations.create().id
    own = {"conversation": conversation, "previous_response_id": None} if how == "conversation" else {}
    with served(backend) as base, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        patch.setenv("OPENAI_API_KEY", "sk-loopback")
        with understudy.use_cassette(tmp_path / "whole.yaml", record="all", rename_ids=False):
            NewApp(("a", "b"), request=own)()
    document = yaml.safe_load((tmp_path / "whole.yaml").read_text(encoding="utf-8"))
    for every in (1, 2):
        part = {**document, "interactions": without_requests(document["interactions"], every)}
        (tmp_path / "part.json").write_text(json.dumps(part), encoding="utf-8")
        report = understudy.parity(tmp_path / "part.json", tmp_path / "whole.yaml")
        assert report.same, report
        assert [str(turn.context) for turn in report.old.turns][1] == "(unknown)"


def test_a_run_that_no_answer_shows_is_unknown(tmp_path: Path) -> None:
    """Of a run whose answer has only an id, what was asked is known: a port with instructions and files may be the same."""
    thread = {"id": "thread_1", "object": "thread", "created_at": 1}
    asked = {"messages": [{"role": "user", "content": "hi"}]}
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/threads", asked, thread),
            ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"}, {"id": "run_1"}),
        ],
    )
    assert [(entry.kind, str(entry.value)) for entry in understudy.transcript(path)] == [
        ("user", "hi"),
        *((kind, "(unknown)") for kind in ("instructions", "tools", "parameter", "outcome")),
    ]
    content = [{"type": "input_text", "text": "hi"}, {"type": "input_file", "filename": "a.pdf", "file_data": "x"}]
    body = {"model": MODEL, "input": [{"role": "user", "content": content}], "instructions": "Be brief."}
    made = response(1, "Hello.", instructions="Be brief.")
    report = understudy.parity(path, written(tmp_path / "new.json", [("POST", "/responses", body, made)]))
    assert report.same, report


def response(number: int, text: str = "", **fields: Any) -> dict[str, Any]:
    """Return a response with a reply."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed", "content": content}
    shown = {"id": f"resp_{number}", "object": "response", "created_at": number, "model": MODEL, "status": "completed"}
    return {**shown, "output": [item] if text else [], **fields}


# What a recorder may have kept of a session in which nothing can be read that was said.
NOTHING: dict[str, Sequence[Any]] = {
    "the stream of a run": [("POST", "/threads/runs", {"assistant_id": "asst_1", "stream": True}, "")],
    "a request and its answer": [("POST", "/responses", None, "")],
    "a response made before": [("GET", "/responses/resp_1", None, response(1, "Hello."))],
    "only messages": [("GET", f"{THREAD}/messages", None, listed(message(2, "run_1"), message(1)))],
}


@pytest.mark.parametrize("exchanges", NOTHING.values(), ids=NOTHING)
def test_what_shows_no_turn_is_an_empty_transcript(exchanges: Sequence[Any], tmp_path: Path) -> None:
    """Where a recording shows neither what was asked nor that it was answered, no turn is made up."""
    transcript = understudy.transcript(written(tmp_path / "c.json", exchanges))
    assert len(transcript) == 0
    assert repr(transcript) == "<Transcript of nothing: 0 turns, 0 entries>"


def test_a_poll_that_was_answered_late_shows_nothing_new(tmp_path: Path) -> None:
    """Two polls in flight may end in either order: a response that was over stays over."""
    path = written(
        tmp_path / "c.json",
        [
            ("POST", "/responses", {"model": MODEL, "input": "hi", "background": True}, response(1, status="queued")),
            ("GET", "/responses/resp_1", None, response(1, "Hello.")),
            ("GET", "/responses/resp_1", None, response(1, status="in_progress")),
        ],
    )
    assert [entry.value for entry in understudy.transcript(path) if entry.kind in ("reply", "outcome")] == [
        *("Hello.", "completed")
    ]


def test_what_is_not_of_the_stream_is_passed_over(tmp_path: Path) -> None:
    """Events without a JSON object, as `[DONE]`, say nothing; the response of the others is read."""
    events = streamed(("response.created", {"type": "response.created", "response": response(1, "Hello.")}))
    path = written(tmp_path / "c.json", [("POST", "/responses", {"model": MODEL, "input": "hi", "stream": True}, events)])
    assert [entry.value for entry in understudy.transcript(path) if entry.kind == "reply"] == ["Hello."]


def test_an_earlier_response_that_was_not_recorded_is_an_unknown_context(tmp_path: Path) -> None:
    """A chain that began before the recording: what is said now is known, what was said before is equal to anything."""
    body = {"model": MODEL, "input": "And now?", "previous_response_id": "resp_0"}
    path = written(tmp_path / "c.json", [("POST", "/responses", body, response(1, "Now."))])
    [turn] = understudy.transcript(path).turns
    assert (turn.said, str(turn.context)) == ("And now?", "(unknown)")


@pytest.mark.parametrize(
    ("listing", "known"),
    [({"order": "desc"}, [False, True]), ({"order": "asc"}, [False, False])],
    ids=["the newest", "the oldest"],
)
def test_a_list_shows_the_replies_of_the_runs_it_goes_back_to(listing: Any, known: list[bool], tmp_path: Path) -> None:
    """Two of four messages: of the newest two, whole is what the last run wrote; the oldest two may lack replies."""
    backend = understudy.Backend(script=(Reply("Sunny."),))
    assistant, thread = backend.add_assistant(model=MODEL), backend.add_thread()

    def app(client: OpenAI) -> None:
        for question in ("Today?", "Tomorrow?"):
            ask(client, assistant.id, thread.id, question)
        client.beta.threads.messages.list(thread.id, limit=2, **listing)

    recorded_from(backend, tmp_path / "c.yaml", app)
    transcript = understudy.transcript(tmp_path / "c.yaml")
    assert [turn.knows_replies for turn in transcript.turns] == known
    assert transcript == backend.transcript(), transcript


def test_what_the_code_interpreter_printed(tmp_path: Path) -> None:
    """Where a response includes the outputs of its code interpreter, they are what it printed in the simulation."""
    backend = understudy.Backend(script=(CodeInterpreter("print(2)\nprint(3)", logs="2\n3\n"), Reply("Done.")))

    def app(client: OpenAI) -> None:
        tools: Any = [{"type": "code_interpreter", "container": {"type": "auto"}}]
        include: Any = ["code_interpreter_call.outputs"]
        client.responses.create(model=MODEL, input="Print.", tools=tools, include=include)

    recorded_from(backend, tmp_path / "c.yaml", app)
    transcript = understudy.transcript(tmp_path / "c.yaml")
    assert transcript == backend.transcript(), transcript
    assert [entry.value["output"] for entry in transcript if entry.kind == "output"] == ["2\n3\n"]


# -- conversations ----------------------------------------------------------------------


def test_items_that_the_app_added_are_the_context(tmp_path: Path) -> None:
    """What was put into a conversation, when it was made or later, is what the model sees before the next turn."""
    backend = understudy.Backend(script=(Reply("Ada."),))

    def said(text: str) -> Any:
        return {"type": "message", "role": "user", "content": text}

    def app(client: OpenAI) -> None:
        conversation = client.conversations.create(items=[said("I am Ada.")])
        client.responses.create(model=MODEL, input="Who am I?", conversation=conversation.id)
        client.conversations.items.create(conversation.id, items=[said("I live in Paris.")])
        client.responses.create(model=MODEL, input="Where do I live?", conversation=conversation.id)

    recorded_from(backend, tmp_path / "c.yaml", app)
    transcript = understudy.transcript(tmp_path / "c.yaml")
    assert transcript == backend.transcript(), transcript
    first, second = transcript.turns
    assert (texts(first.context), first.said) == ([], "I am Ada. Who am I?")
    assert texts(second.context) == [("user", "I am Ada."), ("user", "Who am I?"), ("assistant", "Ada.")]
    assert second.said == "I live in Paris. Where do I live?"


def test_deleted_items_are_no_longer_seen(tmp_path: Path) -> None:
    """What the app took out of a conversation is seen by the turns before that, and by none after."""
    backend = understudy.Backend(script=(Reply("Ada."),))

    def said(text: str) -> Any:
        return {"type": "message", "role": "user", "content": text}

    def app(client: OpenAI) -> None:
        conversation = client.conversations.create()
        mine = client.conversations.items.create(conversation.id, items=[said("I am Ada."), said("I live in Paris.")])
        first = client.responses.create(model=MODEL, input="Who am I?", conversation=conversation.id)
        for item in (mine.data[1], first.output[0]):
            client.conversations.items.delete(str(item.id), conversation_id=conversation.id)
        client.responses.create(model=MODEL, input="Where do I live?", conversation=conversation.id)

    recorded_from(backend, tmp_path / "c.yaml", app)
    first, second = understudy.transcript(tmp_path / "c.yaml").turns
    assert first.said == "I am Ada. I live in Paris. Who am I?"
    assert (texts(second.context), second.said) == ([], "I am Ada. Who am I? Where do I live?")


def test_deleted_messages_are_no_longer_seen(tmp_path: Path) -> None:
    """So it is with a thread: a message given with it, a later one, and a reply, whose ids its lists show."""
    backend = understudy.Backend(script=(Reply("Sunny."),))
    assistant = backend.add_assistant(model=MODEL)

    def app(client: OpenAI) -> None:
        threads = client.beta.threads
        thread = threads.create(messages=[{"role": "user", "content": "Zero."}, {"role": "user", "content": "One."}])
        ask(client, assistant.id, thread.id, "Two.")
        reply, two, _, zero = threads.messages.list(thread.id).data
        for each in (reply, two, zero):
            threads.messages.delete(each.id, thread_id=thread.id)
        ask(client, assistant.id, thread.id, "Three.")
        threads.messages.list(thread.id)

    recorded_from(backend, tmp_path / "c.yaml", app)
    first, second = understudy.transcript(tmp_path / "c.yaml").turns
    assert first.said == "Zero. One. Two."
    assert (texts(second.context), second.said) == ([], "One. Three.")
