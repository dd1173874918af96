"""What promotion does with what a recording does not show, or shows of another world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import RUN, THREAD, listed, message, run, waiting, written
from understudy import Backend, FunctionCall, Reply
from understudy.cli import main
from understudy.errors import CassetteError
from understudy.promote import code_of, from_cassette

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


def test_a_run_whose_end_is_not_shown_answers_all_the_same(tmp_path: Path) -> None:
    """A recording that stops in the middle of a run promotes to a run that ends, and says that its words were not shown."""
    backend = promoted(
        tmp_path,
        ("POST", f"{OF_THREAD}/runs", {"assistant_id": LONG["asst"]}, run_of("queued")),
        ("GET", OF_RUN, None, run_of("in_progress")),
    )
    [script] = backend.scripts_left
    assert script.moves == (Reply("(not shown in the recording)"),)


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
    """The same run in code: a script, ids, and a request of a client of its own."""
    path = written(tmp_path / "s.json", [("GET", OF_RUN, None, run_of("completed"))])
    names: dict[str, Any] = {}
    exec(compile(code_of(path), "promoted.py", "exec"), names)
    backend = Backend()
    names["set_up"](backend)
    assert [(held.id, held.status) for held in backend.runs] == [(LONG["run"], "completed")]


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
