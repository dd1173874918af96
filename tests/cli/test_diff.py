"""`understudy diff`: what differs between two cassettes, and what only every recording draws anew."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import RUN, THREAD, message, run, streamed, written
from tests.cassettes.driving import recordings
from understudy._cassettes import load
from understudy._cassettes.id_renaming import renamed
from understudy._cassettes.load import parse
from understudy._cli.main import main
from understudy._inspect.cassette_diff import cassette_differences

SESSION: list[Any] = [
    ("POST", "/threads", {}, {"id": "thread_1", "object": "thread", "created_at": 1}),
    ("POST", f"{THREAD}/messages", {"role": "user", "content": "hi"}, message(1)),
    ("POST", f"{THREAD}/runs", {"assistant_id": "asst_1"}, run("queued", created_at=2)),
    ("GET", RUN, None, run("in_progress", created_at=2)),
    ("GET", RUN, None, run("completed", created_at=2, completed_at=5, usage={"total_tokens": 7})),
]


def again(session: list[Any]) -> list[Any]:
    """The same conversation with the ids and times that another day would give."""
    text = json.dumps(session).replace("thread_1", "thread_zz").replace("run_1", "run_q")
    return [tuple(each) for each in json.loads(text.replace('"created_at": 2', '"created_at": 92'))]


def difference(tmp_path: Path, old: list[Any], new: list[Any], *more: str) -> int:
    """The exit status of comparing two sessions."""
    first, second = (written(tmp_path / f"{name}.json", session) for name, session in (("a", old), ("b", new)))
    return main(["diff", str(first), str(second), *more])


def test_a_new_recording_of_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other ids, other moments and another number of polls are no difference: exit 0, said in a sentence."""
    polls = again(SESSION)
    assert difference(tmp_path, SESSION, [*polls[:4], polls[3], polls[3], *polls[4:]]) == 0
    assert capsys.readouterr().out == "No differences except ids and times.\n"


def test_what_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The keys of requests and answers that differ are named with both values; exit 1."""
    new = again(SESSION)
    new[1] = (*new[1][:2], {"role": "user", "content": "hello"}, new[1][3])
    new[4] = (*new[4][:3], {**new[4][3], "status": "failed", "usage": None, "fresh": 1})
    assert difference(tmp_path, SESSION, new) == 1
    said = capsys.readouterr().out
    assert "#1 and #1 POST /threads/thread_1/messages\n    request content\n      - 'hi'\n      + 'hello'\n" in said
    assert "    answer status\n      - 'completed'\n      + 'failed'\n" in said
    assert '    answer usage\n      - {"total_tokens":7}\n      + null\n' in said
    assert "    answer fresh\n      - (missing)\n      + 1\n" in said
    assert said.endswith("b.json\n")
    assert "2 exchanges differ, 0 only in" in said


def test_exchanges_of_one_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that only one cassette has are said as such, and the others still aligned."""
    extra = ("GET", f"{THREAD}/messages", None, {"object": "list", "data": []})
    assert difference(tmp_path, SESSION, [*SESSION[:2], extra, *SESSION[2:]]) == 1
    said = capsys.readouterr().out
    assert f"#2 only in {tmp_path / 'b.json'}: GET /threads/thread_1/messages" in said
    assert "0 exchanges differ, 0 only in" in said
    assert f"1 only in {tmp_path / 'b.json'}" in said


def test_an_id_stands_for_one_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer that names another object than it did is a difference, though both are ids."""
    other = copy.deepcopy(SESSION)
    other[4][3]["thread_id"] = "thread_9"
    for number in (2, 3, 4):
        SESSION[number][3].setdefault("thread_id", "thread_1")
        other[number][3].setdefault("thread_id", "thread_1")
    assert difference(tmp_path, SESSION, other) == 1
    assert "    answer thread_id\n      - 'thread_1'\n      + 'thread_9'\n" in capsys.readouterr().out


def test_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into how many pieces a text was cut is no difference; the events around them are compared."""

    def stream(*pieces: str, text: str = "ab") -> list[Any]:
        deltas = [("thread.message.delta", {"id": "msg_1", "delta": piece}) for piece in pieces]
        done = ("thread.message.completed", {"id": "msg_1", "content": text})
        return [("POST", f"{THREAD}/runs", {"stream": True}, streamed(*deltas, done))]

    assert difference(tmp_path, stream("a", "b"), stream("ab")) == 0
    assert difference(tmp_path, stream("a", "b"), stream("a", "b", text="xy")) == 1
    assert "events 0 thread.message.completed.content" in capsys.readouterr().out


CHANGES: dict[str, tuple[Any, Any, str]] = {  # an exchange, another one in its place, and what is said of them
    "a query": (
        ("GET", f"{THREAD}/messages?limit=1", None, {"data": []}),
        ("GET", f"{THREAD}/messages?limit=2", None, {"data": []}),
        "path limit\n      - '1'\n      + '2'\n",
    ),
    "a path of another API": (
        ("POST", "/chat/completions", {}, {"ok": 1}),
        ("POST", "/chat/completions", {}, {"ok": 2}),
        "POST /chat/completions\n    answer ok\n      - 1\n      + 2\n",
    ),
    "a status": (("GET", RUN, None, {}), ("GET", RUN, None, (404, {})), "status\n      - 200\n      + 404\n"),
    "the events": (
        ("POST", f"{THREAD}/runs", {}, streamed(("thread.run.created", {}), ("thread.run.queued", {}))),
        ("POST", f"{THREAD}/runs", {}, streamed(("thread.run.created", {}))),
        'events\n      - ["thread.run.created","thread.run.queued","done"]\n      + ["thread.run.created","done"]\n',
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), CHANGES.values(), ids=CHANGES)
def test_every_part_is_compared(old: Any, new: Any, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Queries, statuses, bodies that are not JSON, and which events came: each is a part that may differ."""
    assert difference(tmp_path, [old], [new]) == 1
    shown = capsys.readouterr().out
    assert said in shown
    assert "1 exchange differs" in shown
    assert difference(tmp_path, [old], [old]) == 0


def test_a_body_that_is_not_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was downloaded is compared as text; a body that is lost is missing."""
    paths = []
    for content in ("soup", "stew", None):
        path = written(tmp_path / f"{content}.json", [("GET", "/files/file-1/content", None, content or "")])
        text = path.read_text().replace("text/event-stream; charset=utf-8", "text/plain")
        path.write_text(text if content else text.replace('"string": ""', '"string": null'))
        paths.append(str(path))
    assert main(["diff", *paths[:2]]) == 1
    assert "    answer\n      - 'soup'\n      + 'stew'\n1 exchange differs" in capsys.readouterr().out
    assert main(["diff", *paths[1:]]) == 1
    assert "    answer\n      - 'stew'\n      + (missing)\n1 exchange differs" in capsys.readouterr().out


def test_an_answer_that_broke_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether an answer came whole is compared, too; what only the service reads is not."""
    events = [("response.created", {"encrypted_content": "abc"}), ("response.completed", {})]
    new = written(tmp_path / "new.json", [("POST", "/responses", {}, streamed(*events))])
    document = json.loads(new.read_text().replace("abc", "xyz"))
    document["interactions"][0]["understudy"] = {"broken": {"kind": "ReadError", "message": "reset"}}
    old = tmp_path / "old.json"
    old.write_text(json.dumps(document))
    assert main(["diff", str(old), str(new)]) == 1
    assert "    answer broke off\n      - true\n      + false\n1 exchange" in capsys.readouterr().out


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As data: whether they are the same, and each difference with its exchanges, part, key and values."""
    new = copy.deepcopy(SESSION)
    new[4][3]["usage"] = {"total_tokens": 8, "more": True}
    assert difference(tmp_path, SESSION, new[:5], "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert data["same"] is False
    common = {"kind": "changed", "old": 4, "new": 4, "method": "GET", "path": RUN, "part": "answer"}
    assert data["differences"] == [
        {**common, "key": "usage.total_tokens", "before": 7, "after": 8},
        {**common, "key": "usage.more", "after": True},
    ]
    assert difference(tmp_path, SESSION, SESSION[:4], "--json") == 1
    gone = {"kind": "removed", "old": 4, "new": None, "method": "GET", "path": RUN}
    assert json.loads(capsys.readouterr().out)["differences"] == [gone]
    assert difference(tmp_path, SESSION, SESSION, "--json") == 0
    assert json.loads(capsys.readouterr().out)["same"] is True


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cassette that does not exist is exit 2, with the nearest that does."""
    path = written(tmp_path / "tutor.json", SESSION)
    assert main(["diff", str(path), str(tmp_path / "tutr.json")]) == 2
    assert f"no such cassette. Did you mean {path}?" in capsys.readouterr().err


@pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")
def test_real_recordings_under_other_ids() -> None:
    """Of real recordings, renaming every id that the service drew leaves no difference; nor does reading them again."""
    for path in recordings()[::6]:
        session = load(path)
        assert cassette_differences(session, parse(path.read_text(encoding="utf-8"), path)) == []
        assert cassette_differences(session, renamed(session)) == [], path
