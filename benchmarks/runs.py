"""1,000 scripted runs (create, poll three times, list the messages), over the same requests before a canned transport."""

from __future__ import annotations

from typing import Any

import httpx
from apps import ours
from measure import heading, in_short, in_turn, row
from openai import OpenAI

import understudy

RUNS = 1_000
ROUNDS = 5


def running(client: OpenAI, thread_id: str, assistant_id: str) -> Any:
    def work(count: int) -> None:
        runs, messages = client.beta.threads.runs, client.beta.threads.messages
        for _ in range(count):
            run = runs.create(thread_id, assistant_id=assistant_id)
            for _ in range(3):
                run = runs.retrieve(run.id, thread_id=thread_id)
            assert run.status == "completed"
            messages.list(thread_id)

    return work


def before(bodies: dict[str, bytes]) -> OpenAI:
    """The floor, with a body by how the path ends."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = next(body for end, body in bodies.items() if request.url.path.endswith(end))
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    return OpenAI(http_client=httpx.Client(transport=httpx.MockTransport(answer)))


def main() -> None:
    client, backend, thread_id, run_id = ours()
    assistant_id = backend.add_assistant().id
    backend.every_run(understudy.Reply("x = 1"))
    for _ in range(20):  # the list is a full page from the first run on
        backend.add_message(thread_id, "x = ?")
    run = client.beta.threads.runs.with_raw_response.retrieve(run_id, thread_id=thread_id).content
    page = client.beta.threads.messages.with_raw_response.list(thread_id).content
    canned = before({"/messages": page, "": run})
    works = {"floor": running(canned, thread_id, assistant_id), "ours": running(client, thread_id, assistant_id)}
    found = in_turn(works, count=RUNS // ROUNDS, rounds=ROUNDS)
    heading("a scripted run: create, 3 polls, list", "CPU ms", "ratio")
    for name, value in found.items():
        row(name, value / 1000, f"{value / found['floor']:.2f}")
    ratio = found["ours"] / found["floor"]
    in_short(f"{RUNS:,} scripted runs (create, 3 polls, list), over the floor", f"{ratio:.2f}x", goal="SDK-bound")


if __name__ == "__main__":
    main()
