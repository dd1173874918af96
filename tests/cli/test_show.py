"""`understudy show`: what it says of a cassette, and that it says something of every real one."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import understudy
from tests.cassettes.building import BASE, RUN, THREAD, TOOL_CALL, entry, listed, message, run, streamed, written
from tests.cassettes.driving import recordings, some_recordings
from understudy._cassettes import load
from understudy._cli.main import main
from understudy._inspect.html import as_html
from understudy._inspect.text import as_text
from understudy._inspect.view import CassetteView, client_of, server_of, view_of

NOW = 1_795_305_600  # 2026-11-22
KEY = "sk-proj-abcdefghijklmnop1234567890"
needs_recordings = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")


def view(path: Path) -> CassetteView:
    """A cassette as it is seen today."""
    return view_of(path, load(path), NOW)


class Page(HTMLParser):
    """What a page says, and whether every element that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked_for: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.asked_for += [value or "" for name, value in attrs if name in ("src", "href") and (value or "")[:1] != "#"]
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@needs_recordings
@pytest.mark.parametrize("path", some_recordings(4))
def test_every_real_recording_is_shown(path: Path) -> None:
    """Each gives a text and a page that is complete in itself; no run is left untold, nothing breaks the spec."""
    shown = view(path)
    assert shown.no_runs == ""
    assert shown.findings == ()
    assert shown.recorded is not None or all(line.status >= 400 for line in shown.lines)  # an error shows no moment
    assert shown.clients or path.parent.name == "wilkox-lemur"  # whose recorder kept no header that tells
    assert sum(line.last - line.first + 1 for line in shown.lines) == shown.interactions
    assert path.name in as_text(shown)
    page = Page(as_html(shown))
    assert page.open == []
    assert page.asked_for == []


@needs_recordings
def test_a_tool_call_is_told_from_its_recording() -> None:
    """The statuses of the run come with their times, the call with its arguments, the message with its words."""
    path = next(path for path in recordings() if path.name == "FunctionToolsWork.yaml")
    [run] = view(path).runs
    told = [(moment.at, moment.name) for moment in run.moments if moment.what == "run"]
    assert [name for _, name in told] == [
        *("created", "queued", "in_progress", "requires_action"),
        *("queued", "in_progress", "completed"),
    ]
    assert [at for at, _ in told] == sorted(at for at, _ in told)
    text = as_text(view(path))
    assert 'get_favorite_food_for_day_of_week({"day_of_week":"Thursday"})' in text
    assert "You should eat tacos on Thursday!" in text
    assert "completed after 17 s" in text
    assert "(9 times)" in text
    assert "recorded  2025-10-30 22:01 UTC, 387 days ago" in text
    assert "by        OpenAI/2.5.0 (.NET 9.0.10" in text
    assert "from      api.openai.com (OpenAI, openai-version 2020-10-01)" in text


@needs_recordings
def test_a_stream_is_told_as_what_came_in_it() -> None:
    """A streamed run has its steps, its message and the number of pieces it came in."""
    path = next(path for path in recordings() if path.name == "test_streaming_existing_assistant.yaml")
    text = as_text(view(path))
    assert "95 events, thread.run.created to thread.run.completed" in text
    assert "step created  code_interpreter 'import sympy" in text
    assert "in 25 pieces" in text


def test_runs_that_went_otherwise(tmp_path: Path) -> None:
    """A failed run says why; a step that was never seen to end has no end; a message may be a plain text."""
    error = {"code": "rate_limit_exceeded", "message": "Slow down."}
    step = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "created_at": 12, "status": "in_progress"}
    code = {"id": "call_1", "type": "code_interpreter", "code_interpreter": {"input": "1 + 1", "outputs": []}}
    text = message(2, "run_1") | {"created_at": 13, "content": "No parts."}
    path = written(
        tmp_path / "failed.json",
        [
            ("GET", f"{RUN}/steps", None, listed(step | {"step_details": {"type": "tool_calls", "tool_calls": [code]}})),
            ("GET", f"{THREAD}/messages", None, listed(text)),
            ("GET", RUN, None, run("failed", created_at=10, started_at=11, failed_at=15, last_error=error)),
        ],
    )
    [shown] = view(path).runs
    assert [(moment.at, moment.what, moment.name, moment.note) for moment in shown.moments] == [
        (0, "run", "created", ""),
        (2, "step_1", "created", "code_interpreter '1 + 1'"),
        (3, "msg_2", "written", "'No parts.'"),
        (5, "run", "failed", "rate_limit_exceeded: Slow down."),
    ]


def spoiled(tmp_path: Path) -> Path:
    """A cassette with a secret in a header and one in an error, a lost answer, a broken stream, and a strange answer."""
    entries = [entry(exchange) for exchange in (*TOOL_CALL[:2], ("GET", "/models/x", None, {"id": 3}))]
    entries[0]["request"]["headers"]["Authorization"] = [f"Bearer {KEY}"]
    entries[1]["response"]["status"]["code"] = 401
    entries[1]["response"]["body"]["string"] = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}."}})
    entries.append(entry(("GET", "/files/file-1/content", None, {})))
    entries[-1]["response"]["body"] = None
    stream = entry(("POST", "/threads/thread_1/runs", {}, streamed(("thread.created", {}))))
    entries.append(stream | {"understudy": {"broken": {"kind": "ReadError", "message": "gone"}}})
    path = tmp_path / "spoiled.json"
    path.write_text(json.dumps({"version": 1, "interactions": entries}))
    return path


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Secrets are said where they are and never told; lost and broken answers, and breaches of the spec, are named."""
    path = spoiled(tmp_path)
    assert main(["show", str(path)]) == 0
    text = " ".join(capsys.readouterr().out.split())  # lines are as wide as the terminal
    assert KEY not in text
    assert "secrets: 2" in text
    assert "#0 POST /threads: a secret in the request header Authorization (" in text
    assert "#1 POST /threads/thread_1/messages: a secret in the answer's body (" in text
    assert "#3 GET /files/file-1/content: the answer's body is missing" in text
    assert "#4 POST /threads/thread_1/runs: the answer broke off (ReadError: gone)" in text
    assert "#2 GET /models/x: breaks the API's shape: id: is 3, expected string" in text


def test_the_page_holds_no_secret(tmp_path: Path) -> None:
    """A page that is sent around tells of secrets, not the secrets; and what was said cannot become part of the page."""
    path = spoiled(tmp_path)
    assert main(["show", str(path), "--html", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert KEY not in page
    assert "a secret in the request header Authorization" in page
    assert Page(page).open == []
    hostile = written(tmp_path / "x.json", [("GET", "/threads/<script>alert(1)</script>", None, {"id": "<b>bold"})])
    assert "<script" not in as_html(view(hostile))
    assert "<b>" not in as_html(view(hostile))


def test_the_page_reads_on_a_phone_and_in_the_dark(tmp_path: Path) -> None:
    """It says its width is the device's, breaks long words, and has colours for the dark."""
    page = as_html(view(written(tmp_path / "a.json", TOOL_CALL)))
    assert 'name="viewport" content="width=device-width' in page
    assert "overflow-wrap: anywhere" in page
    assert "prefers-color-scheme: dark" in page


def test_a_recording_of_another_server(tmp_path: Path) -> None:
    """Objects of another shape do not stop the rest from being shown; why the runs are not is said."""
    odd: Any = {"object": "thread.run", "id": "run_1", "status": "requires_action", "required_action": {"what": 1}}
    path = written(tmp_path / "odd.json", [("GET", "/threads/thread_1/runs/run_1", None, odd)])
    shown = view(path)
    assert shown.no_runs.startswith("its objects are not shaped as the API's: KeyError")
    assert "could not be reconstructed" in as_text(shown)
    assert "could not be reconstructed" in as_html(shown)
    assert shown.age == "unknown: nothing in it says when"


def test_where_it_comes_from(tmp_path: Path) -> None:
    """The SDK is told by its own headers or its user agent, the server by its host."""
    azure = entry(("GET", "/threads/thread_1", None, {}))
    azure["request"]["uri"] = azure["request"]["uri"].replace(BASE, "https://mine.openai.azure.com/openai")
    azure["request"]["headers"] = {"X-Stainless-Lang": ["js"], "X-Stainless-Package-Version": ["5.1.0"]}
    azure["recorded_at"] = "2026-11-22T10:00:00Z"
    path = tmp_path / "azure.json"
    path.write_text(json.dumps({"version": 1, "interactions": [azure]}))
    [interaction] = load(path)
    assert client_of(interaction) == "OpenAI SDK for js 5.1.0"
    assert server_of(interaction) == "mine.openai.azure.com (Azure OpenAI)"


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cassette that is not there is wrong use; one that cannot be read is a finding; both say which file and why."""
    assert main(["show", str(tmp_path / "none.yaml")]) == 2
    (tmp_path / "cut.yaml").write_text("interactions:\n- request: {body: '")
    assert main(["show", str(tmp_path / "cut.yaml")]) == 1
    said = capsys.readouterr().err
    assert "no such cassette" in said
    assert "cut.yaml:2: this file is cut off or corrupt" in said


def test_a_page_of_half_characters_and_odd_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half of a surrogate pair, which UTF-8 cannot hold, is written as its escape; an item's type need not be a text."""
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "half \ud83d"}]}
    answer = {"id": "resp_1", "object": "response", "status": "completed", "created_at": 1, "output": [said, {"type": 5}]}
    path, page = written(tmp_path / "a.json", [("POST", "/responses", {"input": "hi"}, answer)]), tmp_path / "page.html"
    assert main(["show", str(path), "--html", str(page)]) == 0
    assert "half \\ud83d" in page.read_text(encoding="utf-8")
    assert main(["parity", str(path), str(path), "--html", str(page)]) == 0
    assert "half \\ud83d" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("created", [1_700_000_000_000, 10**30], ids=["milliseconds", "no time at all"])
def test_a_time_that_no_calendar_has_is_unknown(tmp_path: Path, created: int) -> None:
    """Another server's `created_at` in other units does not keep a cassette from being shown."""
    shown = view(written(tmp_path / "a.json", [("POST", "/threads", {}, {"id": "thread_1", "created_at": created})]))
    assert shown.age == "unknown: nothing in it says when"
    assert "thread_1" in as_text(shown)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("understudy._inspect.view", "timelines"),
        ("understudy._inspect.view", "text_of"),
        ("understudy._transcript.recorded", "turns_of"),
    ],
)
def test_a_defect_of_ours_is_not_blamed_on_the_recording(
    place: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake in the code that reads a recording comes up as it is."""

    def spoil(*_: object) -> Any:
        return object().nothing_of_the_kind  # type: ignore[attr-defined]

    path = written(tmp_path / "c.json", TOOL_CALL)
    monkeypatch.setattr(f"{place}.{name}", spoil)
    read: Any = understudy.transcript if "transcript" in place else view
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        read(path)
