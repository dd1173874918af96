"""Runs pytest in forks of one process, which has imported what they share, and prints the CPU milliseconds of each as JSON.

Two whole processes spend 2 s each on the same imports, and differ by more than what is looked for between them.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest


def imported(file: str) -> None:
    """Import what the tests of a file need, by carrying out its first one; their own modules are forgotten again."""
    directory, before = str(Path(file).parent), set(sys.modules)
    sys.path.insert(0, directory)
    names: dict[str, Any] = {"__name__": "preloaded", "__file__": file}
    exec(compile(Path(file).read_text(encoding="utf-8"), file, "exec"), names)
    names["test_ask"](0)
    sys.path.remove(directory)
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(directory):
            del sys.modules[name]


def cpu_of(arguments: list[str]) -> float:
    """CPU milliseconds of one pytest in a fork, which must succeed."""
    child = os.fork()
    if child == 0:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(pytest.main(arguments))
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"pytest {' '.join(arguments)} failed")
    return (used.ru_utime + used.ru_stime) * 1000


if __name__ == "__main__":
    if sys.argv[2:]:
        imported(sys.argv[2])
    sys.stdout.write(json.dumps([cpu_of(arguments) for arguments in json.loads(sys.argv[1])]))
