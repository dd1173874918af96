"""Type checkers catch a user's mistakes: every wrong use is refused where it stands, every right one is taken."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from understudy._apis import faces
from understudy._apis.names import EventName, OperationName
from understudy._backend.preload import FileErrorCode
from understudy._engine.vector_stores import FAILURES

USES = Path(__file__).resolve().parent / "uses"
WRONG, RIGHT = USES / "wrong.py", USES / "right.py"
LEAST = 40

Errors = dict[tuple[str, int], list[str]]


def marked() -> set[int]:
    """The lines of wrong.py that have to be refused."""
    return {number for number, line in enumerate(WRONG.read_text().splitlines(), 1) if line.endswith("# refused")}


def mypy(cache: Path) -> Errors:
    """What mypy --strict finds, by file and line."""
    pytest.importorskip("mypy", reason="mypy is not installed")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--ignore-missing-imports"]
    command += ["--cache-dir", str(cache), "--no-error-summary", "--follow-imports=silent", str(WRONG), str(RIGHT)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=USES)
    assert said.returncode == 1, said.stdout + said.stderr
    errors: Errors = {}
    for line in said.stdout.splitlines():
        if (found := re.match(r"(.+?):(\d+): error: (.*)", line)) is not None:
            errors.setdefault((Path(found[1]).name, int(found[2])), []).append(found[3])
    return errors


def pyright(cache: Path) -> Errors:
    """What pyright finds, by file and line."""
    program = shutil.which("pyright", path=str(Path(sys.executable).parent)) or shutil.which("pyright")
    if program is None:
        pytest.skip("pyright is not installed")
    command = [program, "--pythonpath", sys.executable, "--outputjson", str(WRONG), str(RIGHT)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=USES)
    errors: Errors = {}
    for found in json.loads(said.stdout)["generalDiagnostics"]:
        if found["severity"] == "error":
            place = Path(found["file"]).name, found["range"]["start"]["line"] + 1
            errors.setdefault(place, []).append(found["message"])
    return errors


@pytest.mark.tools
@pytest.mark.parametrize("checker", [mypy, pyright], ids=lambda checker: checker.__name__)
def test_a_type_checker_refuses_what_is_wrong_and_nothing_else(checker: Callable[[Path], Errors], tmp_path: Path) -> None:
    """Exactly the marked lines of wrong.py are refused, and no line of right.py."""
    errors = checker(tmp_path)
    assert {place: said for place, said in errors.items() if place[0] == RIGHT.name} == {}
    refused = {line for name, line in errors if name == WRONG.name}
    assert sorted(marked() - refused) == []
    assert sorted(refused - marked()) == []
    assert len(refused) >= LEAST


def test_names_for_checkers_are_those_of_the_tables() -> None:
    """What a Literal lists is what there is: operations, stream events, errors of files."""
    assert get_args(OperationName) == tuple(faces.ALL.by_name)
    counted = {*faces.ASSISTANTS.event_names, *faces.RESPONSES.event_names}
    assert counted < {*get_args(EventName)}, "an item given as JSON is streamed in further ones"
    assert get_args(FileErrorCode) == tuple(FAILURES)
