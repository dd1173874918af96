"""docs/old-recordings.md: its files are written and its commands executed, in order, in a project of their own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

from tests.docs.page import Warm

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "old-recordings.md"
_FENCE = re.compile(r"^```(python|ini|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write(project: Path, text: str) -> None:
    """A file of the page; its first line, a comment, is its name."""
    name = text.partition("\n")[0].removeprefix("# ")
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def execute(project: Path, text: str, warm: Warm) -> None:
    """The commands of a block: each line they are shown to print is printed, and the exit status is as said, else 0."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "understudy.pytest_plugin"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(project), os.environ.get("PYTHONPATH"))))
    for command in text.split("$ ")[1:]:
        line, *shown = command.splitlines()
        words = shlex.split(line.removeprefix("python -m "))
        if words[0] == "rm":
            (project / words[1]).unlink()
            continue
        printed_status, printed = warm.run(words, project, environment)
        status = next((int(said.rpartition(" ")[2]) for said in shown if said.startswith("exit status")), 0)
        assert printed_status == status, f"{line}\n{printed}"
        for said in shown:
            assert said.startswith("exit status") or said in printed, f"{line}\n{printed}"


def test_every_step_works_as_it_stands(tmp_path: Path, warm: Warm) -> None:
    """From the old cassette to the test that goes on after it: the page, executed from its top to its end."""
    folder = tmp_path / "tests" / "cassettes" / "test_tutor"
    folder.mkdir(parents=True)
    for name in ("test_answer.yaml", "test_gone.yaml"):
        shutil.copy(ROOT / "cassettes" / "tutorial.yaml", folder / name)
    (tmp_path / "tests" / "test_tutor.py").write_text("def test_answer(): ...\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    counts = {"python": 0, "ini": 0, "console": 0}
    for kind, text in _FENCE.findall(PAGE.read_text(encoding="utf-8")):
        counts[kind] += 1
        if kind == "console":
            execute(tmp_path, text, warm)
        else:
            write(tmp_path, text)
    assert counts == {"python": 3, "ini": 1, "console": 7}
    assert (tmp_path / "tutor.html").read_text(encoding="utf-8").startswith("<!doctype html>")
