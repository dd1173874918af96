"""What promotion does with what a recording does not show, or shows of another world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import RUN, THREAD, entry, listed, message, run, streamed, waiting, written
from understudy import Backend, CodeInterpreter, Fail, FileSearch, FunctionCall, Reply, SearchResult
from understudy._cli.main import main
from understudy._promote import code_of, from_cassette
from understudy._promote.scenario import RunScript
from understudy.errors import CassetteError

LONG = {name: f"{name}_{'a' * 24}" for name in ("thread", "run", "asst", "msg")}
OF_THREAD = f"/threads/{LONG['thread']}"
OF_RUN = f"{OF_THREAD}/runs/{LONG['run']}"


def run_of(status: str, **fields: Any) -> dict[str, Any]:
    """A run as the service shows it, in a status."""
    ids = {"id": LONG["run"], "thread_id": LONG["thread"], "assistant_id": LONG["asst"], "created_at": 1_700_000_100}
    shown = {"started_at": None, "model": "gpt-4o", "instructions": "Be kind.", "tools": [], "required_action": None}
    return {"object": "thread.run", "status": status, **ids, **shown, **fields}


def promoted(path: Path, *exchanges: Any) -> Backend:
    """What a cassette of these exchanges promotes to."""
    return from_cassette(written(path / "session.json", exchanges))


def script_of(path: Path, *exchanges: Any, **fields: Any) -> tuple[Any, ...]:
    """The script of a run that was started, with these fields, and of these exchanges afterwards."""
    started = ("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of("queued", **fields))
    [script] = promoted(path, started, *exchanges).scripts_left
    assert not callable(script.moves)
    return script.moves


def step_of(kind: str, number: int = 1, **details: Any) -> dict[str, Any]:
    """A step of the run as the service shows it."""
    ids = {"id": f"step_{number}", "run_id": LONG["run"], "thread_id": LONG["thread"], "assistant_id": LONG["asst"]}
    shown = {"object": "thread.run.step", "created_at": 1_700_000_101, "status": "completed"}
    return {**ids, **shown, "type": kind, "step_details": {"type": kind, kind: details.get(kind, [])}}


def test_a_run_whose_end_is_not_shown_answers_all_the_same(tmp_path: Path) -> None:
    """A recording that stops in the middle of a run promotes to a run that ends, and says that its words were not shown."""
    backend = promoted(
        tmp_path,
        ("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of("queued")),
        ("GET", OF_RUN, None, run_of("in_progress")),
    )
    [script] = backend.scripts_left
    assert script.moves == (Reply("(not shown in the recording)"),)


@pytest.mark.parametrize(("tools", "name"), [([], "not_shown"), ([{"type": "function", "function": {"name": "f"}}], "f")])
def test_a_call_that_is_only_answered(tools: list[Any], name: str, tmp_path: Path) -> None:
    """Of a call whose outputs were handed in and which no answer shows, the id is known: the first function is taken."""
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "3"}]}
    moves = script_of(
        tmp_path,
        ("POST", f"{OF_RUN}/submit_tool_outputs", outputs, run_of("queued")),
        ("GET", OF_RUN, None, run_of("completed")),
        tools=tools,
    )
    assert moves == (FunctionCall(name, {}, id="call_1"),)


def test_passages_that_only_one_answer_shows(tmp_path: Path) -> None:
    """A search whose passages were included in one answer, and left out of a later one, has them."""
    found = {"file_id": "file-1", "file_name": "notes.txt", "score": 0.5}
    told = [{**found, "content": [{"type": "text", "text": "Filip likes cake."}]}]
    steps = [
        step_of("tool_calls", tool_calls=[{"id": "call_1", "type": "file_search", "file_search": {"results": results}}])
        for results in (told, [found])
    ]
    moves = script_of(
        tmp_path,
        (
            "GET",
            f"{OF_RUN}/steps?include[]=step_details.tool_calls[*].file_search.results[*].content",
            None,
            listed(steps[0]),
        ),
        ("GET", f"{OF_RUN}/steps", None, listed(steps[1])),
        ("GET", OF_RUN, None, run_of("completed")),
    )
    assert moves == (FileSearch([SearchResult("file-1", 0.5, "Filip likes cake.")]),)


def test_a_step_of_which_no_call_is_shown(tmp_path: Path) -> None:
    """A step that was last seen when its first call had not begun is none in the script: nothing is made up for it."""
    tools = step_of("tool_calls")
    code = {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1 + 1", "outputs": []}}
    moves = script_of(
        tmp_path,
        ("GET", f"{OF_RUN}/steps", None, listed(tools, step_of("tool_calls", 2, tool_calls=[code]))),
        ("GET", OF_RUN, None, run_of("completed")),
    )
    assert moves == (CodeInterpreter("1 + 1"),)


def test_an_error_code_that_came_later(tmp_path: Path) -> None:
    """A run that failed with a code which the simulated service does not know fails all the same, with its message."""
    error = {"code": "image_too_large", "message": "The image is too large."}
    assert script_of(tmp_path, ("GET", OF_RUN, None, run_of("failed", last_error=error))) == (
        Fail(message="The image is too large."),
    )


def test_a_reply_that_begins_with_an_image(tmp_path: Path) -> None:
    """Parts in another order than one text and then images keep their order; the images are made anew."""
    image = {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "auto"}}
    [text] = message(2)["content"]
    said = message(2, LONG["run"]) | {"thread_id": LONG["thread"], "content": [image, text]}
    [reply] = script_of(
        tmp_path, ("GET", f"{OF_THREAD}/messages", None, listed(said)), ("GET", OF_RUN, None, run_of("completed"))
    )
    assert [type(part) for part in reply.parts] == [bytes, str]
    assert reply.parts[1] == "text 2"


def test_messages_that_were_there_before(tmp_path: Path) -> None:
    """Messages that a session only reads are there, each with what it shows; one whose text is lost says so."""
    ids = {"thread_id": LONG["thread"]}
    said = message(1) | ids | {"id": f"msg_{'b' * 24}", "metadata": {"language": "de"}, "role": "assistant"}
    empty = message(2) | ids | {"id": f"msg_{'c' * 24}", "content": []}
    backend = promoted(tmp_path, ("GET", f"{OF_THREAD}/messages", None, listed(empty, said)))
    first, second = backend.messages(LONG["thread"])
    assert (first.id, first.role, first.text, first.metadata) == (said["id"], "assistant", "text 1", {"language": "de"})
    assert (second.id, second.role, second.text) == (empty["id"], "user", "(not shown in the recording)")


def test_a_run_that_was_there_before_stands_where_it_was_first_seen(tmp_path: Path) -> None:
    """A session that begins with handing outputs in finds the run waiting for them, under the recorded ids."""
    calls = [{"id": "call_aaaaaaaaaaaaaaaaaaaaaaaa", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    outputs = {"tool_outputs": [{"tool_call_id": calls[0]["id"], "output": "3"}]}
    backend = promoted(
        tmp_path,
        ("GET", OF_RUN, None, run_of("requires_action", required_action=action)),
        ("POST", f"{OF_RUN}/submit_tool_outputs", outputs, run_of("queued")),
    )
    [held] = backend.runs
    assert (held.id, held.status) == (LONG["run"], "requires_action")
    assert held.required_action.submit_tool_outputs.tool_calls[0].id == calls[0]["id"]


def test_its_code_performs_it_too(tmp_path: Path) -> None:
    """Such runs in code: a script, ids, and a request each, of one client."""
    later = run_of("completed", id=f"run_{'b' * 24}", created_at=1_700_000_200)
    exchanges = [("GET", OF_RUN, None, run_of("completed")), ("GET", f"{OF_THREAD}/runs/{later['id']}", None, later)]
    code = code_of(written(tmp_path / "s.json", exchanges))
    assert code.count("client = backend.client()") == 1
    names: dict[str, Any] = {}
    exec(compile(code, "promoted.py", "exec"), names)
    backend = Backend()
    names["set_up"](backend)
    assert {(held.id, held.status) for held in backend.runs} == {(LONG["run"], "completed"), (later["id"], "completed")}


def test_what_cannot_be_carried_over_is_said(tmp_path: Path) -> None:
    """Ids of another shape, v1 exchanges and failures of the service are left out, each with its reason, none silently."""
    path = written(
        tmp_path / "odd.json",
        [
            ("POST", "/assistants", {"model": "gpt-4o"}, {"id": "a-1", "object": "assistant", "created_at": 1}),
            ("GET", "/assistants/a-1", None, (500, {"error": {"message": "Sorry"}})),
        ],
    )
    with pytest.warns(UserWarning, match=r"(?s)'a-1'.*#1 GET /assistants/a-1 was answered 500: for that, set a fault"):
        from_cassette(path)
    assert "# left out: ids that are not shaped like the API's, such as 'a-1'" in code_of(path)


def test_what_was_recorded_with_v1_is_left_out(tmp_path: Path) -> None:
    """Exchanges with the v1 header are counted, and nothing is made of what they show; the others promote."""
    first, second = (
        entry(("GET", f"/threads/{thread_id}", None, {"id": thread_id, "object": "thread", "metadata": {}}))
        for thread_id in ("thread_1", LONG["thread"])
    )
    first["request"]["headers"]["OpenAI-Beta"] = ["assistants=v1"]
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"version": 1, "interactions": [first, second]}))
    with pytest.warns(UserWarning, match="1 exchanges recorded with the v1 header, which is not what v2 did"):
        backend = from_cassette(path)
    assert [thread.id for thread in backend.threads] == [LONG["thread"]]


def test_what_cannot_be_made_sense_of_is_refused(tmp_path: Path) -> None:
    """Where even the requests are not the API's, no scenario is made; the error names the cassette and what was missing."""
    outputs = {"tool_outputs": [{"output": "of no call"}]}
    path = written(tmp_path / "odd.json", [("POST", f"{OF_RUN}/submit_tool_outputs", outputs, streamed())])
    with pytest.raises(CassetteError, match=r"odd\.json: cannot be promoted: .*KeyError\('tool_call_id'\)"):
        from_cassette(path)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda scenario: scenario.fact,
        lambda scenario: scenario.facts.may_call(),
        lambda scenario: scenario.facts["views"],
        lambda scenario: None.facts,  # type: ignore[attr-defined]
    ],
    ids=["a lost attribute", "a wrong call", "an object read as data", "an attribute that no JSON value has"],
)
@pytest.mark.parametrize("status", ["completed", 3])
def test_a_defect_of_ours_is_not_blamed_on_the_recording(
    spoil: Any, status: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in promotion's own code comes up as it is, whether or not the recording is in order."""
    monkeypatch.setattr(RunScript, "segments", spoil)
    started = ("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of(status))
    with pytest.raises((AttributeError, TypeError)):
        promoted(tmp_path, started)


def test_an_object_the_service_would_refuse_is_left_out(tmp_path: Path) -> None:
    """What the simulated service refuses to hold is named with the reason, and the rest is there."""
    exchanges = [
        (
            "GET",
            f"/assistants/{LONG['asst']}",
            None,
            {"id": LONG["asst"], "object": "assistant", "model": "gpt-4o", "name": 3},
        ),
        ("GET", OF_THREAD, None, {"id": LONG["thread"], "object": "thread", "metadata": {}}),
    ]
    with pytest.warns(UserWarning, match=f"{LONG['asst']}: .*name"):
        backend = promoted(tmp_path, *exchanges)
    assert [thread.id for thread in backend.threads] == [LONG["thread"]]


def test_arguments_are_written_as_a_mapping_where_that_is_the_same(tmp_path: Path) -> None:
    """Arguments become a dict in the script if they were compact JSON; broken or spaced ones stay the text they were."""
    found = []
    for arguments in ('{"a":1}', '{"a": 1}', '{"a"'):
        calls = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}]
        action = {"submit_tool_outputs": {"tool_calls": calls}}
        backend = promoted(
            tmp_path,
            ("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of("queued")),
            ("GET", OF_RUN, None, run_of("requires_action", required_action=action)),
        )
        moves: Any = backend.scripts_left[0].moves
        found.append(moves[0])
    assert found == [FunctionCall("f", given, id="call_1") for given in ({"a": 1}, '{"a": 1}', '{"a"')]


def test_a_session_with_small_ids(tmp_path: Path) -> None:
    """Ids need the right prefix only, not the service's length: hand-written cassettes promote, too."""
    backend = promoted(
        tmp_path,
        ("POST", "/threads", {}, {"id": "thread_1", "object": "thread", "created_at": 1_700_000_000}),
        ("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"}, message(1)),
        (
            "POST",
            f"{THREAD}/runs",
            {"assistant_id": "asst_1"},
            run("queued", assistant_id="asst_1", created_at=1_700_000_001),
        ),
        ("GET", RUN, None, waiting() | {"created_at": 1_700_000_001}),
        ("GET", f"{THREAD}/messages", None, listed(message(2, "run_1"), message(1))),
    )
    client = backend.client()
    thread = client.beta.threads.create()
    assert thread.id == "thread_1"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`promote` prints the code, or writes it with -o; a missing cassette is wrong use (2), a broken one not (1)."""
    path = written(tmp_path / "s.json", [("GET", OF_THREAD, None, {"id": LONG["thread"], "object": "thread"})])
    assert main(["promote", str(path)]) == 0
    printed = capsys.readouterr().out
    assert f"id='{LONG['thread']}'" in printed
    assert main(["promote", str(path), "-o", str(tmp_path / "scenario.py")]) == 0
    assert (tmp_path / "scenario.py").read_text() == printed
    assert main(["promote", str(tmp_path / "none.yaml")]) == 2
    (tmp_path / "empty.yaml").write_text("")
    assert main(["promote", str(tmp_path / "empty.yaml")]) == 1
    assert "is empty" in capsys.readouterr().err


def test_a_cassette_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Promotion of no cassette is an error, not an empty scenario."""
    with pytest.raises(CassetteError, match="no such cassette"):
        from_cassette(tmp_path / "none.yaml")
