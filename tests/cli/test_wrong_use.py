"""What a user can get wrong on the command line is said in a line, with what is nearest: never by a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from understudy._cli.demo import cassette_path
from understudy._cli.main import main


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a cassette, a folder, broken scripts and broken settings in it."""
    shutil.copy(cassette_path(), tmp_path / "tutorial.yaml")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "pyproject.toml").write_text("[tool\n")
    (tmp_path / "syntax.py").write_text("x = 1\ndef set_up(backend: x")
    (tmp_path / "absent.py").write_text("x = 1\nimport not_there_at_all")
    (tmp_path / "raises.py").write_text("def set_up(backend):\n    backend.next_run('x')\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("sho tutorial.yaml", 2, "Did you mean 'show'?"),
        ("show tutorial.yaml --hmtl x", 2, "unrecognized arguments: --hmtl x. Did you mean '--html'?"),
        ("show tutorial.yaml --htm x", 2, "Did you mean '--html'?"),
        ("serve --worlds 0", 2, "expected a number from 1 on, got '0'"),
        ("parity tutorial.yaml tutorial.yaml --words loose", 2, "'loose': expected exact, ignore, or MODULE:FUNCTION"),
        ("serve --time pol", 2, "Did you mean 'poll'?"),
        ("show", 2, "the following arguments are required: CASSETTE"),
        ("show tutoral.yaml", 2, "Did you mean tutorial.yaml?"),
        ("show cassettes/tutorial.yaml", 2, "Did you mean tutorial.yaml?"),
        ("show folder", 1, "this is a directory, not a cassette"),
        ("show tutorial.yaml --html folder", 2, "this is a folder; expected a file"),
        ("show tutorial.yaml --html none/page.html", 2, "create the folder first"),
        ("promote folder", 1, "this is a directory, not a cassette"),
        ("promote tutorial.yaml -o folder", 2, "this is a folder; expected a file"),
        ("promote tutoral.yaml", 2, "Did you mean tutorial.yaml?"),
        ("check tutoral.yaml", 2, "Did you mean tutorial.yaml?"),
        ("check tutorial.yaml --root folder", 2, "its pytest settings cannot be read"),
        ("check tutorial.yaml --scrub (", 2, "'(' is not a regular expression"),
        ("import tutorial.yaml --scrub (", 2, "'(' is not a regular expression"),
        ("import folder", 2, "this is a folder: name the files in it"),
        ("import tutoral.yaml", 2, "Did you mean tutorial.yaml?"),
        ("import tutorial.yaml -o syntax.py", 2, "there is a file where a folder is expected"),
        ("conform --recordings none", 2, "none"),
        ("serve --port 0 --script syntax.py", 2, "--script syntax.py: line 2: not valid Python"),
        ("serve --port 0 --script absent.py", 2, "--script absent.py: line 2: it raised ModuleNotFoundError"),
        ("serve --port 0 --script raises.py", 2, "--script raises.py: line 2: set_up(backend) raised ImpossibleScript"),
        ("serve --port 0 --script leaves.py", 2, "--script leaves.py: line 1: it raised SystemExit(3)"),
        ("serve --port 0 --script folder", 2, "this is a folder; expected a Python file"),
        ("serve --port 0 --script raise.py", 2, "Did you mean raises.py?"),
        ("serve --port 0 --cassette tutoral.yaml", 2, "Did you mean tutorial.yaml?"),
    ],
)
def test_wrong_use(line: str, status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The command ends with its status and a sentence that names what came, what is nearest or what to do."""
    try:
        ended = main(line.split())
    except SystemExit as left:  # argparse's way
        ended = left.code if isinstance(left.code, int) else 1
    shown = capsys.readouterr().err
    assert said in shown
    assert ended == status
    assert "Traceback" not in shown
