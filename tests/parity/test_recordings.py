"""Transcripts of recordings, and recordings against each other."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

import understudy
from tests.cassettes.loopback import served
from tests.parity.apps import FUNCTION, INSTRUCTIONS, MODEL, QUESTIONS, NewApp, OldApp
from understudy import CodeInterpreter, Fail, FileSearch, FunctionCall, Incomplete, Reply, ResponseItem, UnderstudyError
from understudy._cli import demo
from understudy._cli.main import main

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
TUTORIAL = ROOT / "cassettes" / "tutorial.yaml"
SCRIPT = (FunctionCall("get_weather", {"city": "Paris"}), Reply("Sunny."))


def recorded(
    path: Path, app: Callable[[], Any], script: Any, monkeypatch: pytest.MonkeyPatch, set_up: Any = None
) -> understudy.Backend:
    """Record an app from a simulator on loopback; give the simulator."""
    backend = understudy.Backend(script=script)
    if set_up is not None:
        set_up(backend)
    with served(backend) as base, monkeypatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{base}/v1")
        patch.setenv("OPENAI_API_KEY", "sk-loopback")
        with understudy.use_cassette(path, record="all", rename_ids=False):
            app()
    return backend


def streaming_old() -> None:
    """The old app, streaming its runs."""
    with OpenAI() as client:
        _stream_old(client)


def _stream_old(client: OpenAI) -> None:
    tools: Any = [{"type": "function", "function": FUNCTION}]
    assistant = client.beta.assistants.create(model=MODEL, tools=tools)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "The weather?"}])
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        stream.until_done()
        run = stream.current_run
    if run is not None and run.status == "requires_action" and run.required_action is not None:
        calls = run.required_action.submit_tool_outputs.tool_calls
        outputs: Any = [{"tool_call_id": call.id, "output": "sunny"} for call in calls]
        with client.beta.threads.runs.submit_tool_outputs_stream(
            run_id=run.id, thread_id=thread.id, tool_outputs=outputs
        ) as stream:
            stream.until_done()


def streaming_new() -> None:
    """The port of that, streaming, too."""
    with OpenAI() as client:
        _stream_new(client)


def _stream_new(client: OpenAI) -> None:
    tools: Any = [{"type": "function", **FUNCTION}]
    given: Any = "The weather?"
    previous = None
    while given:
        more = {"previous_response_id": previous} if previous else {}
        events = list(client.responses.create(model=MODEL, input=given, tools=tools, stream=True, **more))
        response: Any = events[-1].response  # type: ignore[union-attr]
        previous = response.id
        calls = [item for item in response.output if item.type == "function_call"]
        given = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]


def resending() -> list[str]:
    """The port of `OldApp`, keeping the history itself: it sends everything again with each request."""
    with OpenAI() as client:
        return _resend(client)


def _resend(client: OpenAI) -> list[str]:
    tools: Any = [{"type": "function", **FUNCTION}]
    texts, history = [], []
    for question in QUESTIONS:
        brought: list[Any] = [{"role": "user", "content": question}]
        while brought:
            history += brought
            response = client.responses.create(
                model=MODEL, instructions=INSTRUCTIONS, input=history, tools=tools, store=False
            )
            history += [item.model_dump(exclude_none=True) for item in response.output]
            calls = [item for item in response.output if item.type == "function_call"]
            brought = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
        texts.append(response.output_text if response.status == "completed" else f"Sorry: {response.status}.")
    return texts


@pytest.mark.parametrize(
    "script",
    [
        SCRIPT,
        ([FunctionCall("get_weather", {"city": "Paris"}), FunctionCall("get_weather", {"city": "Rome"})], Reply("Both.")),
        (Fail("rate_limit_exceeded", "Too many."),),
        (Reply("half a sen"), Incomplete("max_completion_tokens")),
    ],
    ids=["call", "parallel", "failed", "incomplete"],
)
@pytest.mark.parametrize(
    "app", [OldApp(), NewApp(), streaming_old, streaming_new], ids=["old", "new", "old stream", "new stream"]
)
def test_a_recording_shows_what_the_simulation_did(app: Any, script: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Polled or streamed, on either API: the transcript of the cassette is that of the service it was recorded from."""
    backend = recorded(tmp_path / "one.yaml", app, script, monkeypatch)
    transcript = understudy.transcript(tmp_path / "one.yaml")
    assert transcript == backend.transcript(), f"{transcript}\n\n{backend.transcript()}"
    seen = {entry.kind for entry in backend.transcript()}
    assert {"user", "tools", "outcome"} <= {entry.kind for entry in transcript} <= seen  # an app need not list replies


def port(answer: str = demo.ANSWER, instructions: str = demo.INSTRUCTIONS, question: str = demo.QUESTION) -> Any:
    """The tutorial's conversation on Responses, and what its model says."""

    def app() -> None:
        with OpenAI() as client:
            client.responses.create(
                model="gpt-4o",
                instructions=instructions,
                input=question,
                tools=[{"type": "code_interpreter", "container": {"type": "auto"}}],
            )

    return app, (Reply(answer),)


def test_the_tutorial_against_its_port(tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The recorded polled session of Assistants and a Responses recording of the same conversation: nothing differs."""
    new = tmp_path / "new.yaml"
    recorded(new, *port(), monkeypatch)
    report = understudy.parity(TUTORIAL, new)
    assert report.same, report
    assert main(["parity", str(TUTORIAL), str(new)]) == 0
    assert "parity: no difference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"answer": "It is 2."}, "reply"),
        ({"instructions": "Please address the user as John Doe."}, "instructions"),
        ({"question": "What is 3x + 11?"}, "user"),
    ],
)
def test_a_planted_change_is_named(
    change: Any, kind: str, tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two recordings, too, what was changed is named by its kind, and by nothing else."""
    new = tmp_path / "new.yaml"
    recorded(new, *port(**change), monkeypatch)
    assert main(["parity", str(TUTORIAL), str(new), "--json", "--html", str(tmp_path / "page.html")]) == 1
    data = json.loads(capsys.readouterr().out)
    assert [difference["kind"] for difference in data["differences"]] == [kind]
    assert not data["same"]
    assert data["old"]["api"] == "assistants"
    assert data["new"]["api"] == "responses"
    assert 'class="row differs"' in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert main(["parity", str(TUTORIAL), str(new), "--ignore", kind]) == 0


def test_differences_are_red_where_colour_is_shown(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """On a terminal that shows colour, what differs is red, beside its mark; NO_COLOR leaves the mark alone."""
    app, script = port(answer="It is 2.")
    recorded(tmp_path / "new.yaml", app, script, monkeypatch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["parity", str(TUTORIAL), str(tmp_path / "new.yaml")]) == 1
    assert "\x1b[31m! reply" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["parity", str(TUTORIAL), str(tmp_path / "new.yaml")]) == 1
    assert "\n! reply" in capsys.readouterr().out


def test_the_columns_fit_the_terminal(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """Both sides fit beside each other in the terminal's columns, and the differences are wrapped there."""
    app, script = port(answer="It is 2. " * 12, instructions="Be brief.")
    recorded(tmp_path / "new.yaml", app, script, monkeypatch)
    for columns in (60, 80, 140):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["parity", str(TUTORIAL), str(tmp_path / "new.yaml")]) == 1
        lines = [line for line in capsys.readouterr().out.splitlines() if "understudy.parity(" not in line]
        assert columns - 20 < max(map(len, lines)) <= columns
    assert main(["demo", "--planted"]) == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines() if "understudy.parity(" not in line) <= 140


def test_hosted_calls_that_no_steps_show_are_unknown(tmp_path: Path, monkeypatch: Any) -> None:
    """A polled recording without steps does not show what its code interpreter did: the new side's calls are no news."""
    app, _ = port()
    recorded(tmp_path / "new.yaml", app, (CodeInterpreter("1 + 1", logs="2"), Reply(demo.ANSWER)), monkeypatch)
    report = understudy.parity(TUTORIAL, tmp_path / "new.yaml")
    assert report.same, report
    assert "call" in [entry.kind for entry in report.new]


def test_words_may_be_other_words(tmp_path: Path, monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Replies are compared as they are, not at all, or by a function; what else differs is named all the same."""
    app, script = port(answer="x is one.")
    recorded(tmp_path / "new.yaml", app, script, monkeypatch)
    new = tmp_path / "new.yaml"
    assert not understudy.parity(TUTORIAL, new).same
    assert understudy.parity(TUTORIAL, new, words="ignore").same
    assert understudy.parity(TUTORIAL, new, words=lambda old, new: ("x = 1" in old) == ("one" in new)).same
    assert not understudy.parity(TUTORIAL, new, words=lambda old, new: False).same
    assert main(["parity", str(TUTORIAL), str(new), "--words", "ignore"]) == 0
    (tmp_path / "judging.py").write_text("def alike(old, new):\n    return bool(old) == bool(new)\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["parity", str(TUTORIAL), str(new), "--words", "judging:alike"]) == 0
    with pytest.raises(SystemExit):
        main(["parity", str(TUTORIAL), str(new), "--words", "judging:unlike"])
    assert "cannot import that function" in capsys.readouterr().err
    with pytest.raises(ValueError, match="'exact', 'ignore'"):
        understudy.parity(TUTORIAL, new, words="loosely")  # type: ignore[arg-type]


def test_an_old_recording_against_a_new_app() -> None:
    """An app that cannot run any more is its recording; the port runs on a script."""
    app, script = port()
    report = understudy.parity(TUTORIAL, app, script=script)
    assert report.same, report
    assert report.sides[0].requests > 3


def test_a_history_sent_again_after_a_failure_begins_a_turn(tmp_path: Path, monkeypatch: Any) -> None:
    """A port that sends its history again does so after a failed tool loop, too: simulated or recorded, nothing differs."""
    script = (SCRIPT[0], Fail("server_error", "Oops."))
    assert understudy.parity(OldApp(), resending, script=script).same
    recorded(tmp_path / "old.yaml", OldApp(), script, monkeypatch)
    backend = recorded(tmp_path / "new.yaml", resending, script, monkeypatch)
    report = understudy.parity(tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert report.same, report
    assert backend.transcript() == report.new
    assert [entry.kind for entry in report.new.turns[1].entries].count("output") == 1


def in_one_request() -> list[str]:
    """An old app whose messages come with its runs: `create_and_run`, then `additional_messages`; it lists after each."""
    with OpenAI() as client:
        assistant = client.beta.assistants.create(model=MODEL)
        runs, texts = client.beta.threads.runs, []
        run = client.beta.threads.create_and_run(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": QUESTIONS[0]}]}
        )
        for question in (*QUESTIONS[1:], QUESTIONS[1], None):
            runs.poll(run.id, thread_id=run.thread_id)
            texts.append(str(client.beta.threads.messages.list(run.thread_id).data[0].content))
            if question is not None:
                more: Any = [{"role": "user", "content": question}]
                run = runs.create(run.thread_id, assistant_id=assistant.id, additional_messages=more)
        return texts


def test_messages_that_come_with_runs_are_said_once(tmp_path: Path, monkeypatch: Any) -> None:
    """Messages without an id of their own in the recording are found in each list, and are not taken for others."""
    backend = recorded(tmp_path / "one.yaml", in_one_request, (Reply("Sunny."),), monkeypatch)
    transcript = understudy.transcript(tmp_path / "one.yaml")
    assert transcript == backend.transcript(), transcript
    assert [turn.said for turn in transcript.turns] == [*QUESTIONS, QUESTIONS[1]]


def test_a_list_of_the_newest_message_does_not_show_the_others(tmp_path: Path, monkeypatch: Any) -> None:
    """An app that lists one message after each run does not show what else was written: unknown, also for earlier runs."""
    script = (Reply("Let me see."), *SCRIPT)
    backend = recorded(tmp_path / "old.yaml", OldApp((*QUESTIONS, "Thanks.")), script, monkeypatch)
    transcript = understudy.transcript(tmp_path / "old.yaml")
    assert [turn.knows_replies for turn in transcript.turns] == [False] * 3
    assert transcript == backend.transcript()


def test_a_text_before_a_call_stays_before_it(tmp_path: Path, monkeypatch: Any) -> None:
    """A polled recording without steps shows by the times of its run which texts came before a call."""

    def listing() -> None:
        with OpenAI() as client:
            tools: Any = [{"type": "function", "function": FUNCTION}]
            assistant = client.beta.assistants.create(model=MODEL, tools=tools)
            thread = client.beta.threads.create(messages=[{"role": "user", "content": "The weather?"}])
            run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
            while run.required_action is not None:
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs: Any = [{"tool_call_id": call.id, "output": "sunny"} for call in calls]
                run = client.beta.threads.runs.submit_tool_outputs_and_poll(
                    run_id=run.id, thread_id=thread.id, tool_outputs=outputs
                )
            client.beta.threads.messages.list(thread.id)

    script = (Reply("Let me see."), SCRIPT[0], Reply("And then?"), *SCRIPT)
    backend = recorded(tmp_path / "one.yaml", listing, script, monkeypatch)
    transcript = understudy.transcript(tmp_path / "one.yaml")
    assert transcript == backend.transcript(), transcript
    said = [entry.kind for entry in transcript if entry.kind in ("reply", "call")]
    assert said == ["reply", "call", "reply", "call", "reply"]


STORED = "file-menu0000000000000000000"


def stored(name: str, text: str) -> Callable[[understudy.Backend], None]:
    """A vector store of one file."""

    def set_up(backend: understudy.Backend) -> None:
        backend.add_file(id=STORED, filename=name, content=text)
        backend.add_vector_store(id="vs_menu", file_ids=[STORED])

    return set_up


def searching_old(*include: Any) -> None:
    """An old app that lists the steps of its run."""
    with OpenAI() as client:
        resources: Any = {"file_search": {"vector_store_ids": ["vs_menu"]}}
        assistant = client.beta.assistants.create(model=MODEL, tools=[{"type": "file_search"}], tool_resources=resources)
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "When is there cake?"}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        client.beta.threads.runs.steps.list(run.id, thread_id=thread.id, include=list(include))


def searching_new(*include: Any) -> None:
    """Its port."""
    with OpenAI() as client:
        tools: Any = [{"type": "file_search", "vector_store_ids": ["vs_menu"]}]
        client.responses.create(model=MODEL, input="When is there cake?", tools=tools, include=list(include))


@pytest.mark.parametrize(
    ("new_file", "old_include", "new_include", "kinds"),
    [
        (("menu.txt", "Cake on Friday."), True, True, []),
        (("menu.txt", "Cake on Monday."), True, True, ["output"]),
        (("menu.txt", "Cake on Monday."), False, True, []),
        (("menu.txt", "Cake on Monday."), True, False, []),
        (("list.txt", "Cake on Friday."), False, True, ["output"]),
        (("list.txt", "Cake on Friday."), False, False, []),
    ],
    ids=["same", "another text", "old text not shown", "nothing found shown", "another file", "no file shown"],
)
def test_another_content_of_a_store_is_named(
    new_file: Any, old_include: bool, new_include: bool, kinds: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    """What the file search found, in which file, is compared as far as both recordings show it."""
    script = (FileSearch(), Reply("On Friday."))
    old = ("step_details.tool_calls[*].file_search.results[*].content",) if old_include else ()
    new = ("file_search_call.results",) if new_include else ()
    for name, app, include, file in (
        ("old.yaml", searching_old, old, ("menu.txt", "Cake on Friday.")),
        ("new.yaml", searching_new, new, new_file),
    ):
        recorded(tmp_path / name, lambda: app(*include), script, monkeypatch, stored(*file))  # noqa: B023 - called at once
    report = understudy.parity(tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert [difference.kind for difference in report.differences] == kinds, report


def test_an_inserted_turn_is_an_insertion(tmp_path: Path, monkeypatch: Any) -> None:
    """One turn more in the middle is named as such; the turns around it are compared with their own."""
    recorded(tmp_path / "old.yaml", OldApp(("a", "b", "c")), SCRIPT, monkeypatch)
    recorded(tmp_path / "new.yaml", NewApp(("a", "x", "b", "c")), SCRIPT, monkeypatch)
    report = understudy.parity(tmp_path / "old.yaml", tmp_path / "new.yaml")
    assert [(one.kind, one.old, one.new) for one in report.differences] == [("user", None, "x")]


def test_what_was_lost_is_unknown(tmp_path: Path, monkeypatch: Any) -> None:
    """A recording whose bodies are lost, or that ends early, differs in nothing that it does not show."""
    path = tmp_path / "old.yaml"
    recorded(path, OldApp(("a",)), SCRIPT, monkeypatch)
    whole = understudy.transcript(path)
    import yaml

    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for count in range(1, len(document["interactions"])):
        part = {**document, "interactions": document["interactions"][:count]}
        (tmp_path / "part.yaml").write_text(yaml.safe_dump(part), encoding="utf-8")
        partial = understudy.transcript(tmp_path / "part.yaml")
        assert not [one for one in understudy.parity(tmp_path / "part.yaml", path).differences if partial.turns]
    for interaction in document["interactions"]:
        interaction["request"]["body"] = None
    (tmp_path / "lost.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert understudy.transcript(tmp_path / "lost.yaml") == whole


@pytest.mark.parametrize("app", [streaming_old, streaming_new], ids=["old", "new"])
def test_a_stream_that_broke_off_shows_what_came(app: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Wherever a recorded stream is cut, what did not come is unknown; the rest is the same as in the whole recording."""
    import yaml

    path = tmp_path / "whole.yaml"
    recorded(path, app, SCRIPT, monkeypatch)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    answers = [one["response"]["body"] for one in document["interactions"]]
    first = next(at for at, answer in enumerate(answers) if answer["string"].startswith("event:"))
    del document["interactions"][first + 1 :]
    events = answers[first]["string"].split("\n\n")
    for count, event in enumerate(events):
        answers[first]["string"] = "\n\n".join(events[:count]) + "\n\n"
        (tmp_path / "cut.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        report = understudy.parity(tmp_path / "cut.yaml", path)
        assert report.same or not report.old.turns, f"after {count} events: {report}"
        if "response.completed" in event:
            break


def test_items_given_as_json_are_read_as_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message, a call and a search that a script gives as JSON say what the same items say in a recording."""
    note = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "x", "url": "https://example.com"}
    text = {"type": "output_text", "text": "Sunny.", "annotations": [note], "logprobs": []}
    script = (
        ResponseItem({"type": "code_interpreter_call", "code": "1", "container_id": "c", "outputs": None}),
        ResponseItem({"type": "web_search_call", "action": {"type": "search", "query": "x"}}),
        ResponseItem({"type": "message", "role": "assistant", "content": [text]}),
    )
    backend = recorded(tmp_path / "c.yaml", streaming_new, script, monkeypatch)
    assert understudy.transcript(tmp_path / "c.yaml") == backend.transcript()
    for seen in (understudy.transcript(tmp_path / "c.yaml"), backend.transcript()):
        assert [entry.value for entry in seen if entry.kind == "reply"] == ["Sunny."]
        names = [entry.value["name"] for entry in seen if entry.kind == "call"]
        assert names == ["code_interpreter", "web_search"]


def test_wrong_use_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, and a kind that is not one, are wrong use: exit status 2, the nearest named."""
    assert main(["parity", str(TUTORIAL), str(TUTORIAL.with_name("tutorials.yaml"))]) == 2
    assert "Did you mean" in capsys.readouterr().err
    assert main(["parity", str(TUTORIAL), str(TUTORIAL), "--ignore", "citations"]) == 2
    assert "'citation'" in capsys.readouterr().err
    (tmp_path / "no.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(UnderstudyError):
        understudy.transcript(tmp_path / "no.yaml")


@pytest.mark.skipif(not SHARED.exists(), reason="the real recordings are not here")
def test_every_real_recording_has_a_transcript() -> None:
    """Real sessions of both APIs, whole or not, are read; each is the same as itself."""
    paths = [path for folder in ("recordings", "recordings-responses") for path in sorted((SHARED / folder).rglob("*.yaml"))]
    transcripts = [understudy.transcript(path) for path in paths[::4]]
    assert {transcript.api for transcript in transcripts} >= {"", "assistants", "responses"}
    assert all(transcript == transcript and str(transcript) is not None for transcript in transcripts)
