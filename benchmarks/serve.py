"""The server's CPU per request of `understudy serve`, over that of uvicorn's own, which answers the same bytes.

The client and both servers share one core, where the kernel mostly puts them anyway, since one waits for the other. Shown
is the lowest tenth of the rounds of five pairs of processes together, then of each pair.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from measure import heading, in_short, low, row, turns

PAIRS = 5  # of processes: memory lies differently in each, which makes one faster than the other by up to a tenth
ROUNDS, COUNT = 80, 10  # of each question in a pair, and requests of a round
WARM_UP = 1000  # requests, until a simulation keeps as many as it ever does
ASKED: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "threads.create": ("POST", "/v1/threads", {}),
    "threads.retrieve": ("GET", "/v1/threads/{thread}", None),
    "responses.create": ("POST", "/v1/responses", {"model": "gpt-4o", "input": "hello"}),
    "responses.create, streamed": ("POST", "/v1/responses", {"model": "gpt-4o", "input": "hello", "stream": True}),
}
HEADERS = {
    "accept": "application/json",
    "authorization": "Bearer sk-benchmark",
    "content-type": "application/json",
    "openai-beta": "assistants=v2",
    "user-agent": "OpenAI/Python 3.57.0",
    **{f"x-stainless-{name}": "benchmark" for name in ("arch", "async", "lang", "os", "package-version", "runtime")},
    "x-stainless-retry-count": "0",
    "x-stainless-read-timeout": "600",
}

Rounds = dict[str, dict[str, list[list[float]]]]  # by question and by server: of each pair, CPU µs of a request


class Server:
    """A server in a process of its own, and one connection to it that is kept."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        port = process.stdout.readline().rsplit(":", 1)[1].split("/")[0]
        self._connection = HTTPConnection("127.0.0.1", int(port))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[HTTPResponse, bytes]:
        sent = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, sent, HEADERS)
        answer = self._connection.getresponse()
        read = answer.read()
        assert answer.status == 200, read
        return answer, read

    def cpu_each(self, *question: Any) -> float:
        """CPU microseconds of the server for one request."""
        start = self._cpu()
        for _ in range(COUNT):
            self.ask(*question)
        return (self._cpu() - start) / COUNT

    def _cpu(self) -> float:
        return int(Path(f"/proc/{self._process.pid}/schedstat").read_text().split()[0]) / 1000


@contextmanager
def started(*arguments: str) -> Iterator[Server]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Server(process)
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    rounds: Rounds = {name: {"uvicorn": [], "ours": []} for name in ASKED}
    cores = sorted(os.sched_getaffinity(0))
    for pair in range(PAIRS):
        os.sched_setaffinity(0, {cores[pair % len(cores)]})  # inherited by the servers
        measure_pair(rounds)
    heading("a request served", "CPU µs", "ratio", *(f"pair {number}" for number in range(1, PAIRS + 1)))
    for name, each in rounds.items():
        report(name, each, goal="-" if "streamed" in name else "2x")


def measure_pair(rounds: Rounds) -> None:
    """Measure every question to one process of ours, in turns with processes that answer it with the same bytes."""
    with started("-m", "understudy", "serve", "--port", "0") as ours:
        for _ in range(WARM_UP):
            ours.ask("POST", "/v1/threads", {})
        _, made = ours.ask("POST", "/v1/threads", {})
        for name, (method, path, body) in ASKED.items():
            for who, values in compare(ours, method, path.format(thread=json.loads(made)["id"]), body).items():
                rounds[name][who].append(values)


def compare(ours: Server, *question: Any) -> dict[str, list[float]]:
    """The CPU microseconds of one question in turns, the bare server answering with what ours has answered once."""
    answer, body = ours.ask(*question)
    with started(__file__, json.dumps(answer.getheaders()), body.decode()) as bare:
        servers = {"uvicorn": bare, "ours": ours}
        samples: dict[str, list[float]] = {who: [] for who in servers}
        for who in turns(list(servers), ROUNDS):
            samples[who].append(servers[who].cpu_each(*question))
            if who == "ours":
                ours.ask("POST", "/v1/threads", {})  # the same question again and again would be a livelock
    return samples


def report(name: str, rounds: dict[str, list[list[float]]], *, goal: str) -> None:
    """Show what all pairs took, and each pair alone."""
    found = {who: low([value for pair in pairs for value in pair]) for who, pairs in rounds.items()}
    ratio = f"{found['ours'] / found['uvicorn']:.2f}"
    row(f"{name}: uvicorn", found["uvicorn"], "1.00", *map(low, rounds["uvicorn"]))
    row(f"{name}: ours", found["ours"], ratio, *map(low, rounds["ours"]))
    in_short(f"`understudy serve`: CPU of `{name}` over uvicorn's own", f"{ratio}x", goal=goal)


def serve_bare(headers: list[list[str]], body: bytes) -> None:
    """Serve one answer to everything, with uvicorn set up as ours is; a stream event by event, as ours is sent."""
    from understudy._serve.server import listener, uvicorn_server

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    streamed = any(name.lower() == b"transfer-encoding" for name, _ in encoded)
    pieces = [event + b"\n\n" for event in body.split(b"\n\n")[:-1]] if streamed else []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while scope["type"] == "lifespan":
            await send({"type": f"{(await receive())['type']}.complete"})
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": encoded})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"" if pieces else body})

    opened = listener("127.0.0.1", 0)
    print(f"http://127.0.0.1:{opened.getsockname()[1]}/v1", flush=True)
    uvicorn_server(application).run(sockets=[opened])  # type: ignore[arg-type]


if __name__ == "__main__":
    if sys.argv[1:]:
        serve_bare(json.loads(sys.argv[1]), sys.argv[2].encode())
    else:
        main()
