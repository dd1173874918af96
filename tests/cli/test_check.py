"""`understudy check`: every finding names file, exchange and what to do; what is fine is not found."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cassettes.building import TOOL_CALL, entry, written
from tests.cassettes.driving import SHARED, recordings
from understudy._cassettes.dump import as_yaml
from understudy._cli.main import main

THREAD = (
    "POST",
    "/threads",
    {},
    {"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, "tool_resources": {}},
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a pytest ini, a test file of three tests, and a folder of cassettes."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_app.py").write_text(
        "class TestApp:\n    def test_one(self): ...\n\n\nclass TestMore(Base):\n    pass\n\n\n"
        "async def test_two(): ...\n\n\n@mark.cassette('by_name.yaml')\ndef test_three(): ...\n"
    )
    (tmp_path / "cassettes" / "tests" / "test_app").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cassette(project: Path, place: str) -> Path:
    """A good cassette at a place."""
    path = project / place
    path.parent.mkdir(parents=True, exist_ok=True)
    return written(path, [THREAD])


@pytest.mark.parametrize(
    "folder",
    ["recordings-more", *(pytest.param(name, marks=pytest.mark.deep) for name in ("recordings", "recordings-responses"))],
)
@pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")
def test_real_recordings_are_fine(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of all real recordings nothing is found: no false secret, no false breach of the spec."""
    assert main(["check", str(SHARED / folder), "--unplayed", "ignore"]) == 0
    assert capsys.readouterr().out.endswith(" cassettes, 0 findings\n")


@pytest.mark.parametrize(
    "place",
    [
        "cassettes/tests/test_app/TestApp.test_one.yaml",
        "cassettes/tests/test_app/TestApp.test_one[a-b].yaml",
        "cassettes/tests/test_app/test_two.yaml",
        "tests/cassettes/test_app/test_two.yaml",
        "cassettes/deep/by_name.yaml",
    ],
)
def test_played_cassettes_are_not_found(place: str, project: Path) -> None:
    """A cassette at a test's place (ours or pytest-recording's), or named in a Python file, is played."""
    cassette(project, place)
    assert main(["check", str(project / place)]) == 0


@pytest.mark.parametrize(
    "place",
    [
        "cassettes/tests/test_app/test_one.yaml",
        "cassettes/tests/test_app/TestApp.test_gone.yaml",
        "cassettes/tests/test_gone/test_two.yaml",
        "cassettes/tests/TestApp.test_one.yaml",
        "cassettes/alone.yaml",
    ],
)
def test_orphans_are_found(place: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cassette of a test that is gone is found by name, with what to do; asked to, the check leaves that out."""
    path = cassette(project, place)
    assert main(["check"]) == 1
    name = Path(place).name
    said = capsys.readouterr().out
    assert f"{path}: no test plays it\n    name it in a test, @pytest.mark.cassette({name!r}), or delete it\n" in said
    assert main(["check", "--unplayed", "ignore"]) == 0


def test_an_inherited_test_may_play(project: Path) -> None:
    """Where a class has bases, its tests may come from there: it gets the benefit of the doubt."""
    cassette(project, "cassettes/tests/test_app/TestMore.test_two.yaml")
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool.pytest.ini_options]\nunderstudy_cassettes = 'tapes'\n"),
        ("pytest.ini", "[pytest]\nunderstudy_cassettes = tapes\n"),
        ("setup.cfg", "[tool:pytest]\nunderstudy_cassettes = tapes\n"),
    ],
)
def test_the_folder_is_the_plugins(file: str, text: str, project: Path) -> None:
    """The ini option that moves the plugin's cassettes moves the check's, too."""
    (project / file).write_text(text)
    cassette(project, "tapes/tests/test_app/test_two.yaml")
    assert main(["check"]) == 0
    cassette(project, "tapes/tests/test_app/test_gone.yaml")
    assert main(["check"]) == 1


def test_what_pytest_records_is_played(project: Path) -> None:
    """The rule is the plugin's own: where it looks for a test's cassette, the check sees a test that plays it."""
    (project / "tests" / "test_app.py").write_text(
        "import pytest\n\nclass TestApp:\n    @pytest.mark.cassette\n    @pytest.mark.parametrize('x', ['a/b'])\n"
        "    def test_one(self, understudy_cassette, x):\n        raise AssertionError(understudy_cassette.path)\n"
    )
    place = cassette(project, "cassettes/tests/test_app/TestApp.test_one[a-b].yaml")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "tests"], capture_output=True, text=True, check=False)
    assert f"AssertionError: {place}" in done.stdout
    assert main(["check"]) == 0


def test_secrets_are_found_where_they_are(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is named with its exchange and part, told by a hint only; own patterns count."""
    entries = [entry(THREAD), entry(TOOL_CALL[1])]
    entries[0]["request"]["headers"]["api-key"] = ["0123456789abcdef0123456789abcdef"]
    entries[1]["request"]["body"] = json.dumps({"role": "user", "content": "customer 4711-0815"})
    path = project / "cassettes" / "by_name.yaml"
    path.write_text(json.dumps({"version": 1, "interactions": entries}))
    assert main(["check", "--scrub", r"\d{4}-\d{4}"]) == 1
    said = capsys.readouterr().out
    assert f"{path}: #0 POST /threads: a secret in the request header api-key (" in said
    assert "#1 POST /threads/thread_1/messages: a secret in the request body" in said
    assert "revoke it, then write SCRUBBED in its place" in said
    assert "0123456789abcdef" not in said
    assert "0815" not in said


KEY = "sk-proj-" + "Ab3dEfGhIjKlMnOpQrStUvWxYz0123456789"
BINARY = base64.b64encode(b"\x89PNG\xff" + KEY.encode() + b"\xff").decode()


@pytest.mark.parametrize(
    ("there", "put", "where"),
    [
        ("interactions:", f"# recorded with {KEY}\ninteractions:", "line 1"),
        ("version: 1", f"version: 1\nnote: {{deep: [{KEY}]}}", "line {last}"),
        ("- request:", f"- note: {KEY}\n  request:", "line 2"),
        ("version: 1", f"version: 1\nattached: !!binary {BINARY}", "a binary value"),
        ("- request:", f"- attached: !!binary {BINARY}\n  request:", "a binary value"),
    ],
    ids=["a comment", "an unknown key", "an unknown key of an exchange", "a binary value", "a binary value of an exchange"],
)
@pytest.mark.parametrize("command", ["check", "show"])
def test_secrets_beside_what_is_replayed(
    there: str, put: str, where: str, command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are found as those of an exchange are, with the line, and are not shown."""
    path = project / "cassettes" / "by_name.yaml"
    path.write_text(as_yaml({"interactions": [entry(THREAD)], "version": 1}).replace(there, put, 1))
    where = where.format(last=len(path.read_text().splitlines()))
    main([command, str(path)])
    shown = capsys.readouterr().out
    assert f"a secret in {where}, beside what is replayed (" in " ".join(shown.split())
    assert KEY not in shown
    assert BINARY not in shown


@pytest.mark.parametrize("indent", [None, 1], ids=["in one line", "in many"])
def test_a_secret_is_found_once(indent: int | None, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found in an exchange is not found in its lines again; what is beside another one is, if that has lines."""
    entries = [entry(THREAD), entry(TOOL_CALL[1])]
    entries[0]["request"]["headers"]["api-key"] = [KEY]
    entries[1]["note"] = KEY
    path = project / "cassettes" / "by_name.yaml"
    path.write_text(json.dumps({"interactions": entries, "version": 1}, indent=indent))
    assert main(["check", "--format", "json", str(path)]) == 1
    found = [each["problem"] for each in json.loads(capsys.readouterr().out)["findings"]]
    assert found[0].startswith("a secret in the request header api-key (")
    assert [each.partition(",")[2].startswith(" beside what is replayed (") for each in found[1:]] == [True] * bool(indent)


def test_damage_is_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Empty, cut, foreign files and answers that break the spec are findings; the rest is checked all the same."""
    folder = project / "cassettes"
    (folder / "empty.yaml").write_text("")
    (folder / "foreign.json").write_text('{"name": "package"}')
    written(folder / "by_name.yaml", [("GET", "/threads/thread_1", None, THREAD[3] | {"id": 7})])
    assert main(["check"]) == 1
    said = capsys.readouterr().out
    assert f"{folder / 'empty.yaml'}: 1: this file is empty" in said
    assert f"{folder / 'foreign.json'}: 1: this file is not a cassette" in said
    assert "#0 GET /threads/thread_1: breaks the API's shape: id: is 7, expected string" in said
    assert "an answer edited by hand has to keep the API's shape" in said
    assert said.endswith("3 cassettes, 3 findings\n")


RUN = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1717422972,  # 3 June 2024
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "completed",
    "model": "gpt-4o",
    "instructions": "",
    "tools": [],
    "metadata": {},
    "max_completion_tokens": 16,
}
AT_RUN = "/threads/thread_1/runs/run_1"
NEW = {"created_at": 1785000000}  # July 2026
WELL = ("GET", AT_RUN, None, RUN)  # beside an error: a cassette of nothing but errors is a finding of its own
RESPONSES = 'event: response.created\ndata: {"type":"response.created","response":{"id":"resp_1","object":"response"}}\n\n'


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", AT_RUN, RUN),
        ("GET", AT_RUN, RUN | {"tools": [{"type": "retrieval"}], "file_ids": [], "usage": None, "tool_choice": None}),
        ("POST", "/threads/thread_1/runs", f"event: thread.run.created\ndata: {json.dumps(RUN)}\n\n"),
        ("POST", "/responses", RESPONSES),
        ("POST", "/chat/completions", 'data: {"object":"chat.completion.chunk"}\n\n'),
        ("GET", "/responses/resp_1", {"id": "resp_1", "object": "response", "status": "completed"}),
        ("GET", AT_RUN, (502, "<html>Bad gateway</html>")),
        ("GET", AT_RUN, (403, "blocked")),
        ("GET", f"{AT_RUN}/", (307, "<html>moved</html>")),
    ],
    ids=["2024", "preview", "2024 streamed", "Responses", "chat", "a response", "proxy", "blocked", "redirect"],
)
def test_real_answers_are_no_findings(method: str, path: str, answer: Any, project: Path) -> None:
    """What the service of its time answered, another API, or a proxy on the way, was not edited by hand."""
    exchanges = [WELL, (method, path, {} if method == "POST" else None, answer)]
    written(project / "cassettes" / "by_name.yaml", exchanges)
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("header", "host", "status", "answer"),
    [
        ("assistants=v1", "api.openai.com", 200, {"id": "run_1", "object": "thread.run", "file_ids": []} | NEW),
        ("assistants=v2", "me.openai.azure.com", 404, {"error": {"code": "404", "message": "Resource not found"}}),
        ("assistants=v2", "localhost", 404, {"detail": "Not Found"}),
        ("assistants=v2", "localhost", 200, RUN | NEW),
    ],
    ids=["version 1", "Azure's error", "another server's error", "another server"],
)
def test_answers_of_other_servers_are_no_findings(header: str, host: str, status: int, answer: Any, project: Path) -> None:
    """The document is about version 2 at OpenAI: others are only held to what makes an object of this API."""
    exchange = entry(("GET", AT_RUN, None, (status, answer)))
    exchange["request"]["uri"] = exchange["request"]["uri"].replace("api.openai.com", host)
    exchange["request"]["headers"]["openai-beta"] = [header]
    path = project / "cassettes" / "by_name.yaml"
    path.write_text(json.dumps({"version": 1, "interactions": [entry(WELL), exchange]}))
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RUN | {"id": 7}, "id: is 7, expected string"),
        (RUN | {"status": "done"}, "status: is 'done'"),
        ({key: RUN[key] for key in RUN if key != "status"}, "lacks 'status'"),
        (RUN | NEW, "lacks '"),
        (RUN | NEW, "max_completion_tokens: is below 256"),
        ("event: thread.run.done\ndata: 1\n\n", "event 0 thread.run.done: is 1, expected object"),
        ("event: thread.party\ndata: {}\n\n", "event 0: is 'thread.party', which the spec does not know"),
    ],
)
def test_what_was_never_right_is_found(answer: Any, said: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An old answer may lack what came later, but not be of another kind; one of this year is held to all of it."""
    written(project / "cassettes" / "by_name.yaml", [("GET", AT_RUN, None, answer)])
    assert main(["check"]) == 1
    assert said in capsys.readouterr().out


def test_many_breaches_of_one_answer_are_summed_up(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an answer that is no such object at all, three breaches are told, and how many there are more."""
    written(project / "cassettes" / "by_name.yaml", [("GET", "/threads/thread_1", None, {})])
    main(["check"])
    assert "breaks the API's shape in 2 more places" in capsys.readouterr().out


def test_an_interrupted_recording_is_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal that a dead process left is named, with how to get a cassette out of it."""
    path = cassette(project, "cassettes/by_name.yaml")
    (path.parent / f".{path.name}.999999999-1.journal").write_text("{}\n")
    (path.parent / ".not-ours.journal").write_text("")
    assert main(["check"]) == 1
    assert f"{path}: a recording of it was interrupted" in capsys.readouterr().out


def test_wrong_use(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that does not exist is wrong use, and not a clean result."""
    assert main(["check", "nowhere"]) == 2
    assert "nowhere: no such file or folder" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--unplayed", "perhaps"])
    assert stopped.value.code == 2


def test_no_project_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pytest ini the present folder is the project; hidden folders and environments are not searched."""
    monkeypatch.chdir(tmp_path)
    cassette(tmp_path, "cassettes/a.yaml")
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").write_text("")
    (tmp_path / "env" / "uses.py").write_text("'a.yaml'")
    assert main(["check", "--root", str(tmp_path)]) == 1
    (tmp_path / "uses.py").write_text("'a.yaml'")
    assert main(["check", "--root", str(tmp_path)]) == 0


@pytest.mark.parametrize("status", [401, 404, 410, 502])
def test_nothing_but_errors(project: Path, capsys: pytest.CaptureFixture[str], status: int) -> None:
    """A cassette of an API that is gone, or broken, is found: it says nothing of the app."""
    error = {"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": None, "code": None}}
    written(project / "cassettes" / "by_name.json", [("POST", "/threads", {}, (status, error))] * 2)
    assert main(["check", "--unplayed", "ignore"]) == 1
    out = capsys.readouterr().out
    assert f"contains only errors ({status})" in out
    assert "2026-08-26" in out


@pytest.mark.parametrize("message", ["No thread found with id 'thread_1'.", "No such File object: file-1"])
def test_an_error_that_was_meant_is_fine(project: Path, capsys: pytest.CaptureFixture[str], message: str) -> None:
    """A recorded 404 of a service that lives is a test of just that."""
    error = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}
    written(project / "cassettes" / "by_name.json", [("GET", "/threads/thread_1", None, (404, error))])
    assert main(["check", "--unplayed", "ignore"]) == 0
    assert "0 findings" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["tid.fixture.yaml", "TestApp.tid.fixture.yaml", "tid[0].fixture.yaml"])
def test_the_cassette_of_a_fixture_is_played(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The recording of a fixture is played as long as there is a fixture of that name."""
    cassette(project, f"cassettes/tests/test_app/{name}")
    assert main(["check"]) == 1
    assert "no test plays it" in capsys.readouterr().out
    (project / "tests" / "conftest.py").write_text("@pytest.fixture(scope='module')\ndef tid(): ...\n")
    assert main(["check"]) == 0
