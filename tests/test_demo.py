"""The main job, `understudy demo`, and the front door of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import understudy
from understudy._cli.main import main

ROOT = Path(__file__).resolve().parents[1]
ANSWER = r"The solution to the equation \(3x + 11 = 14\) is \(x = 1\)."


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
    command = [sys.executable, "-m", "understudy", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=clean | environment, check=False, timeout=120)


def test_demo() -> None:
    """The demo exits 0, shows the statuses in order and the answer, simulated and replayed, and finds that they agree."""
    result = run("demo")
    assert result.returncode == 0, result.stderr
    words = ["1. Simulated", "queued", "in_progress", "completed", ANSWER]
    words += ["2. Replayed from tutorial.yaml", "queued", "in_progress", "completed", ANSWER]
    position = 0
    for word in [*words, "The two agree"]:
        position = result.stdout.index(word, position)


def test_the_port_of_the_demo() -> None:
    """The third part puts the conversation beside its port to Responses: nothing differs, or what was planted."""
    told = run("demo").stdout.partition("3. Ported to Responses")[2]
    assert "parity: no difference" in told
    assert "x = 1" in told
    planted = run("demo", "--planted")
    assert planted.returncode == 0, planted.stderr
    told = planted.stdout.partition("3. Ported to Responses, with a mistake")[2]
    assert "parity: 1 difference (instructions)" in told
    assert "old 'Please address the user as Jane Doe." in told


def test_a_demo_that_differs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A simulation that is not what was recorded is shown beside it, and is a finding: exit 1."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setattr("understudy._cli.demo.ANSWER", "I do not know.")
    assert main(["demo"]) == 1
    _, told = capsys.readouterr().out.split("The two differ:")
    simulated, replayed = told.strip().splitlines()
    assert "I do not know." in simulated
    assert "The solution to the equation" in replayed


def test_save(tmp_path: Path) -> None:
    """`--save` writes a project whose tests are green, and that `check` finds nothing wrong with."""
    result = run("demo", "--save", str(tmp_path / "project"))
    assert result.returncode == 0, result.stderr
    assert f"Next: cd {tmp_path / 'project'} && python -m pytest" in result.stdout
    for module in (["pytest", "-q", "-p", "no:cacheprovider"], ["understudy", "check"]):
        command = [sys.executable, "-m", *module]
        done = subprocess.run(command, cwd=tmp_path / "project", capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "1 cassette, 0 findings" in done.stdout
    again = run("demo", "--save", str(tmp_path / "project"))
    assert again.returncode == 2
    assert "pytest.ini: this file already exists, so nothing was written" in again.stderr


def test_demo_on_a_terminal_that_knows_only_ascii() -> None:
    """Characters that a terminal cannot show are replaced; the demo goes on."""
    result = run("demo", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert result.returncode == 0, result.stderr
    assert "The two agree" in result.stdout


def test_the_recording_says_what_it_is() -> None:
    """cassettes/tutorial.yaml says in its first line that it is not from OpenAI's service."""
    assert "from understudy's simulator" in (ROOT / "cassettes" / "tutorial.yaml").read_text().splitlines()[0]


def test_version_and_help() -> None:
    """`--version` says the package's version; `--help` and every command's `--help` read without trouble."""
    assert run("--version").stdout.strip() == f"understudy {understudy.__version__}"
    top = run("--help").stdout
    for command in ("demo", "serve"):
        assert command in top
        assert run(command, "--help").returncode == 0


@pytest.mark.parametrize("wrong", [["demon"], [], ["demo", "--fast"]])
def test_wrong_use(wrong: list[str]) -> None:
    """Wrong use exits 2 and says how it goes."""
    result = run(*wrong)
    assert result.returncode == 2
    assert "usage: understudy" in result.stderr
