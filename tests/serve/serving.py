"""`understudy serve` as a process of its own, on a free port."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start `understudy serve` with more arguments; gives the base URL, without `/v1`. Stopped at the end by ctrl-c."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        command = [sys.executable, "-m", "understudy", "serve", "--port", "0", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://[\d.]+:\d+", line)
        assert found, line + (process.stderr.read() if process.stderr else "")
        return found[0]

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert "Traceback" not in errors, errors
