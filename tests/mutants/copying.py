"""A copy of the repository, and the mutants in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

_SELECTION = re.compile(r"pytest_add_cli_args_test_selection = \[.*?\]\n", re.DOTALL)


def copied(root: Path, copy: Path) -> None:
    """Make the copy: what git holds; the real recordings stay beside it."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True).stdout
    for name in listed.splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, copy / name)
    recordings = root.parent / "shared"
    if recordings.exists():
        (copy / "shared").symlink_to(recordings)  # beside the folder in which the tests run


def mutated(copy: Path) -> None:
    """Let mutmut make all mutants, into `mutants/`.

    It would then run the tests to see which calls what; here that is one quick file, since `calls.py` looks for itself.
    """
    settings = copy / "pyproject.toml"
    whole = settings.read_text(encoding="utf-8")
    settings.write_text(
        _SELECTION.sub('pytest_add_cli_args_test_selection = ["tests/engine/test_clock.py"]\n', whole), "utf-8"
    )
    command = ["mutmut", "run", "--max-children", "1", "no mutant of this name"]
    said = subprocess.run(command, cwd=copy, check=False, capture_output=True, text=True)
    if not mutants(copy):
        raise SystemExit(f"mutmut made no mutants:\n{said.stdout}{said.stderr}")
    for place in (settings, copy / "mutants" / "pyproject.toml"):
        place.write_text(whole, encoding="utf-8")


def mutants(copy: Path) -> list[str]:
    """The names of all mutants."""
    paths = sorted((copy / "mutants").rglob("*.meta"))
    return [name for path in paths for name in json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]]
