"""`understudy check` for programs: JSON, annotations of a workflow, pre-commit; and where there is nothing to check."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cassettes.building import TOOL_CALL, written
from understudy._cli.main import main

ROOT = Path(__file__).parents[2]
KEY = "sk-proj-abcdefghijklmnop1234567890"
LEAKY = f"""\
interactions:
- request: {{body: null, headers: {{}}, method: GET, uri: 'https://api.openai.com/v1/models/x'}}
  response:
    body: {{string: '{{"id": "x", "object": "model", "created": 1, "owned_by": "me"}}'}}
    headers: {{content-type: [application/json]}}
    status: {{code: 200, message: OK}}
- request: {{body: null, headers: {{authorization: [Bearer {KEY}]}}, method: GET, uri: 'https://api.openai.com/v1/models/x'}}
  response:
    body: {{string: '{{"id": "x", "object": "model", "created": 1, "owned_by": "me"}}'}}
    headers: {{content-type: [application/json]}}
    status: {{code: 200, message: OK}}
version: 1
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a leaky cassette, one that is cut off, and no tests."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "cassettes").mkdir()
    (tmp_path / "cassettes" / "leaky, one.yaml").write_text(LEAKY)
    (tmp_path / "cassettes" / "cut.yaml").write_text(LEAKY[:400])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding with file, line, kind, exchange, problem and remedy; the exit status stays."""
    assert main(["check", "--json", "--unplayed", "ignore"]) == 1
    text = capsys.readouterr().out
    assert KEY not in text
    data = json.loads(text)
    assert (data["format"], data["cassettes"]) == (1, 2)
    cut, leaky = data["findings"]
    assert (cut["kind"], cut["exchange"]) == ("unreadable", None)
    assert cut["line"] > 1
    assert leaky == {
        "path": str(project / "cassettes" / "leaky, one.yaml"),
        "line": 7,
        "kind": "secret",
        "exchange": 1,
        "problem": leaky["problem"],
        "remedy": leaky["remedy"],
    }
    assert leaky["problem"].startswith("a secret in the request header authorization")


def test_annotations(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One command a finding, on one line, with the path from the checkout, escaped as GitHub reads it, and no secret."""
    assert main(["check", "--format", "github", "--unplayed", "ignore"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::error file=cassettes/cut.yaml,line=")
    assert lines[1].startswith(
        "::error file=cassettes/leaky%2C one.yaml,line=7,title=understudy%3A secret::#1 GET /models/x: "
    )
    assert "%0Arevoke it" in lines[1]
    assert KEY not in "".join(lines)
    for path in (project / "cassettes").iterdir():
        path.unlink()
    written(project / "cassettes" / "fine.json", [("GET", "/models/x", None, (404, {"error": {"message": "gone"}}))])
    main(["check", "--format", "github", "--unplayed", "ignore"])
    assert all(line.startswith("::error ") for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("content", "line"),
    [(LEAKY.encode("utf-16"), 7), (gzip.compress(LEAKY.encode(), mtime=0), 1)],
    ids=["utf-16", "compressed"],
)
def test_the_line_in_a_file_that_is_not_plain(
    content: bytes, line: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a text of another coding the line is right; in a compressed file, which shows no lines, it is the first."""
    (tmp_path / "leaky.yaml").write_bytes(content)
    assert main(["check", str(tmp_path / "leaky.yaml"), "--json", "--unplayed", "ignore"]) == 1
    findings = [one for one in json.loads(capsys.readouterr().out)["findings"] if one["kind"] == "secret"]
    assert [(one["exchange"], one["line"]) for one in findings] == [(1, line)]


@pytest.mark.parametrize("arguments", [[], ["empty"], ["--json"]])
def test_nothing_to_check(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project without cassettes is fine, and the command says that it saw none."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["check", *arguments]) == 0
    said = capsys.readouterr().out
    assert '"cassettes": 0' in said if arguments == ["--json"] else "Nothing to check: there are no cassettes in " in said


def test_the_hook_for_pre_commit(project: Path) -> None:
    """Its entry, run as pre-commit does with the files that its pattern selects, finds what is wrong, and says so."""
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = [path.relative_to(project).as_posix() for path in sorted(project.rglob("*")) if path.is_file()]
    chosen = [name for name in names if re.search(hook["files"], name)]
    assert chosen == ["cassettes/cut.yaml", "cassettes/leaky, one.yaml"]
    assert hook["language"] == "python"
    program, *arguments = shlex.split(hook["entry"])
    assert program == "understudy"
    command = [sys.executable, "-m", "understudy", *arguments, *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "a secret in the request header authorization" in " ".join(done.stdout.split())
    assert "2 cassettes, 3 findings" in done.stdout


def test_the_hook_is_in_the_sdist() -> None:
    """Who installs from a checkout or an sdist has it."""
    assert '"/.pre-commit-hooks.yaml"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_clean_check_of_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without findings: an empty list, and exit 0."""
    path = written(tmp_path / "c.json", TOOL_CALL[:0] or [("GET", "/unknown", None, {"id": 1})])
    assert main(["check", str(path), "--unplayed", "ignore", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"format": 1, "cassettes": 1, "findings": []}
