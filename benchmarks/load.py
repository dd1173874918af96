"""`understudy serve` under 64 connections for 15 seconds: answers, errors, and the server's memory over time.

Each connection has a simulation of its own (`/w/NAME/`) and goes through one test after another: reset, script, thread, run,
every second one streamed, the messages, `check`. Memory is what the kernel counts as resident.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from measure import heading, in_short, row

CONNECTIONS = 64
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
SAMPLES = 6


class Caller:
    """One connection, with a simulation of its own."""

    def __init__(self, port: int, name: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._prefix = f"/w/{name}"
        self.tests = 0
        self.requests = 0
        self.errors: list[str] = []

    def ask(self, method: str, path: str, body: Any = None) -> bytes:
        headers = {"content-type": "application/json", "authorization": "Bearer none", "openai-beta": "assistants=v2"}
        self._connection.request(method, self._prefix + path, body and json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        self.requests += 1
        if answer.status != 200:
            raise ValueError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return text

    def test(self) -> None:
        """Go through one test."""
        expected = f"answer {self.tests} of {self._prefix}"
        self.ask("POST", "/_understudy/reset", {})
        self.ask("POST", "/_understudy/next_run", {"moves": [{"Reply": {"text": expected}}]})
        assistant = json.loads(self.ask("POST", "/v1/assistants", {"model": "gpt-4o"}))["id"]
        thread = json.loads(self.ask("POST", "/v1/threads", {"messages": [{"role": "user", "content": "Hi"}]}))["id"]
        streamed = self.tests % 2 == 1
        run = self.ask("POST", f"/v1/threads/{thread}/runs", {"assistant_id": assistant, "stream": streamed})
        if streamed:
            assert run.endswith(b"data: [DONE]\n\n"), run[-200:]
        else:
            path = f"/v1/threads/{thread}/runs/{json.loads(run)['id']}"
            while json.loads(self.ask("GET", path))["status"] != "completed":
                pass
        messages = json.loads(self.ask("GET", f"/v1/threads/{thread}/messages"))["data"]
        assert messages[0]["content"][0]["text"]["value"] == expected, messages
        self.ask("POST", "/_understudy/check", {})
        self.tests += 1

    def until(self, end: float) -> None:
        """Go through tests until a time of `time.monotonic`."""
        while time.monotonic() < end:
            try:
                self.test()
            except (AssertionError, ValueError, OSError, KeyError) as error:
                self.errors.append(repr(error))
                self._connection.close()


def resident(pid: int) -> float:
    """Resident memory of a process, in MB."""
    fields = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return next(int(field[1]) for field in fields if field[0] == "VmRSS:") / 1024


def main() -> None:
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline().rsplit(":", 1)[1].split("/")[0].split()[0])
    threading.Thread(target=server.stdout.read, daemon=True).start()
    callers = [Caller(port, f"worker{number}") for number in range(CONNECTIONS)]
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=caller.until, args=(end,)) for caller in callers]
    for thread in threads:
        thread.start()
    memory = []
    for _ in range(SAMPLES):
        time.sleep(SECONDS / SAMPLES)
        memory.append(resident(server.pid))
    for thread in threads:
        thread.join()
    server.terminate()
    server.wait()
    errors = [error for caller in callers for error in caller.errors]
    requests, tests = sum(caller.requests for caller in callers), sum(caller.tests for caller in callers)
    heading("understudy serve, 64 connections", "value")
    row("requests", float(requests))
    row("tests", float(tests))
    row("errors", float(len(errors)), *errors[:3])
    row("resident memory over time, MB", " ".join(f"{each:.0f}" for each in memory))
    growth = memory[-1] / memory[1]
    in_short(
        f"serve under {CONNECTIONS} connections for {SECONDS:.0f} s",
        f"{len(errors)} errors, memory {growth:.2f}x",
        goal="0 errors, flat",
    )


if __name__ == "__main__":
    main()
