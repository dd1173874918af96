"""`understudy show` on terminals, of one exchange, and as JSON."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import TOOL_CALL, entry, message, streamed, written
from understudy._cli.main import main
from understudy._inspect.terminal import Terminal, cells

KEY = "sk-proj-abcdefghijklmnop1234567890"
PATH = "/threads/thread_5uZgyTMf0t7Im9TPxvAVDmUD/runs/run_EF9AwlwFnOQJ3wPRCIdNGVaS"
LONG = "A sentence of some length, which no terminal of a usual width shows in one line, 🌮 or not. " * 2


class Tty(io.StringIO):
    """A terminal as far as anyone can ask it."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def dated(exchange: Any) -> Any:
    """An exchange whose run says when it was created, as the service does."""
    *request, answer = exchange
    is_run = isinstance(answer, dict) and answer.get("object") == "thread.run"
    return (*request, {"created_at": 1, **answer} if is_run else answer)


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    """One with long paths, a long message, and an error."""
    said = message(3)
    said["content"][0]["text"]["value"] = LONG
    failed: Any = (404, {"error": {"message": "No run found.", "type": "invalid_request_error"}})
    return written(
        tmp_path / "long.json",
        [
            *map(dated, TOOL_CALL),
            ("POST", "/threads/thread_1/messages", {"role": "user", "content": LONG}, said),
            ("GET", PATH, None, failed),
        ],
    )


@pytest.mark.parametrize("columns", [20, 40, 80, 132])
@pytest.mark.parametrize("arguments", [[], ["0"], ["13"]])
def test_no_line_is_longer_than_the_terminal(
    columns: int, arguments: list[str], cassette: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the width, and whichever view, each line fits."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main(["show", str(cassette), *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if cells(line) > columns] == []


def test_nothing_is_cut_out_of_what_was_said(
    cassette: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation is wrapped, not cut: every word of it can be read on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "50")
    main(["show", str(cassette)])
    _, said = capsys.readouterr().out.split("conversation", 1)
    assert " ".join(LONG.split()) in " ".join(said.split())


@pytest.mark.parametrize(
    ("stream", "environment", "colour", "width"),
    [
        (io.StringIO(), {}, False, None),
        (Tty(), {"COLUMNS": "93"}, True, 93),
        (Tty(), {"NO_COLOR": "1", "COLUMNS": "80"}, False, 80),
        (Tty(), {"NO_COLOR": "", "COLUMNS": "80"}, True, 80),
        (Tty(), {"TERM": "dumb", "COLUMNS": "80"}, False, 80),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True, None),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, None),
        (Tty(), {"COLUMNS": "3"}, True, 20),
    ],
)
def test_the_terminal_is_asked(stream: io.StringIO, environment: dict[str, str], colour: bool, width: int | None) -> None:
    """Colour where a terminal shows it, unless NO_COLOR says no, or FORCE_COLOR asks for it; COLUMNS is the width."""
    terminal = Terminal.of(stream, environment)
    assert (terminal.colour, terminal.width) == (colour, width)


@pytest.mark.parametrize(("text", "columns"), [("cafe", 4), ("cafe\u0301", 4), ("表", 2), ("🌮", 2)])
def test_how_wide_a_text_is(text: str, columns: int) -> None:
    """An accent on the letter before it takes no column of its own, a wide character takes two."""
    assert cells(text) == columns


def test_the_width_of_a_terminal_that_sets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without COLUMNS the terminal itself is asked."""
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((77, 24)))
    assert Terminal.of(Tty(), {}).width == 77


def test_an_answer_that_broke_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says how it ended, in words and as data; a body that is not JSON is shown as its text."""
    asked = entry(("GET", "/files/file-1/content", None, "so"))
    asked["response"]["headers"]["content-type"] = ["text/plain"]
    asked["understudy"] = {"broken": {"kind": "ReadError", "message": "reset"}}
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": [asked]}))
    assert main(["show", str(path), "0"]) == 0
    assert capsys.readouterr().out.endswith("  it broke off: ReadError: reset\n")
    assert main(["show", str(path), "0", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["answer"]
    assert (answer["body"], answer["broken"]) == ("so", {"kind": "ReadError", "message": "reset"})


def test_colours(cassette: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for, they are there, and without them the text is the same."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["show", str(cassette)])
    painted = capsys.readouterr().out
    assert "\x1b[31m404\x1b[0m" in painted
    monkeypatch.setenv("NO_COLOR", "1")
    main(["show", str(cassette)])
    for style in ("0", "1", "2", "31", "32", "33", "34", "35", "36"):
        painted = painted.replace(f"\x1b[{style}m", "")
    assert [line.rstrip() for line in painted.splitlines()] == capsys.readouterr().out.splitlines()


def test_one_exchange(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its headers, its bodies indented, its events listed; no secret in any of them."""
    asked = entry(("POST", "/threads", {"metadata": {"key": KEY}}, {"id": "thread_1", "object": "thread"}))
    asked["request"]["headers"]["Authorization"] = [f"Bearer {KEY}"]
    events = streamed(("thread.created", {"id": "thread_1"}), ("done", "[DONE]"))
    path = tmp_path / "c.json"
    stream = entry(("POST", "/threads/runs", {"stream": True}, events))
    path.write_text(json.dumps({"version": 1, "interactions": [asked, stream]}))
    assert main(["show", str(path), "0"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("#0 POST https://")
    assert "  Authorization: SCRUBBED" in said
    assert '\n  {\n    "id": "thread_1",' in said
    assert KEY not in said
    assert main(["show", str(path), "#1"]) == 0
    said = capsys.readouterr().out
    assert '    0 thread.created\n      {"id":"thread_1"}\n' in said
    assert main(["show", str(path), "0", "--json"]) == 0
    shown = capsys.readouterr().out
    assert KEY not in shown
    assert json.loads(shown)["answer"]["body"] == {"id": "thread_1", "object": "thread"}
    assert main(["show", str(path), "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"]["events"][0] == {
        "name": "thread.created",
        "data": {"id": "thread_1"},
    }


def test_an_exchange_that_is_not_there(cassette: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its number is refused with those that exist; what is not a number, with what one looks like."""
    assert main(["show", str(cassette), "77"]) == 2
    assert "no exchange #77; it has #0 to #13." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["show", str(cassette), "four"])
    assert "'four' is not the number of an exchange; expected something like 4" in capsys.readouterr().err
    assert main(["show", str(cassette), "1", "--html", "x.html"]) == 2
    assert "omit either the number" in capsys.readouterr().err


def test_json(cassette: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The documented keys, the exchanges, what was said and the runs, as data."""
    assert main(["show", str(cassette), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data) == [
        *("format", "path", "recorder", "recorded", "clients", "servers"),
        *("exchanges", "conversation", "runs", "unreadable", "findings"),
    ]
    assert data["format"] == 1
    assert data["exchanges"][2] == {
        "number": 2,
        "method": "POST",
        "path": "/threads/thread_1/runs",
        "query": [],
        "operation": "runs.create",
        "status": 200,
        "summary": "run_1, queued",
    }
    said = [(entry["kind"], entry["exchange"], entry["name"], entry["text"][:6]) for entry in data["conversation"]]
    assert said == [
        ("user", 1, "", "text 1"),
        ("call", 2, "f", "{}"),
        ("assistant", 11, "", "text 2"),
        ("outcome", 10, "completed", ""),
        ("user", 12, "", "A sent"),
    ]
    assert [run["status"] for run in data["runs"]] == ["completed"]


def test_json_holds_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does it where a secret is in a query, which findings name, or in a message."""
    asked = entry(("GET", f"/threads/thread_1?api_key={KEY}", None, {"id": f"thread {KEY}"}))
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"version": 1, "interactions": [asked]}))
    main(["show", str(path), "--json"])
    shown = capsys.readouterr().out
    assert json.loads(shown)["findings"]
    assert KEY not in shown
