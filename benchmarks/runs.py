"""500 scripted runs (create, poll three times, list the messages), over the same requests before a canned transport.

Once more with lifecycle coverage (`--understudy-cov`) looking on.
"""

from __future__ import annotations

from typing import Any

from apps import HTTP, ours
from measure import heading, in_short, in_turn, row
from openai import OpenAI

import understudy
from understudy._common.observers import observing
from understudy._coverage.collector import SuiteWatch

RUNS = 500
ROUNDS = 250


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

    def answer(request: Any) -> Any:
        body = next(body for end, body in bodies.items() if request.url.path.endswith(end))
        return HTTP.Response(200, content=body, headers={"content-type": "application/json"})

    return OpenAI(http_client=HTTP.Client(transport=HTTP.MockTransport(answer)))


def scripted() -> tuple[OpenAI, str, str, str]:
    """A client of ours whose runs reply, in a thread whose list is a full page from the first run on."""
    client, backend, thread_id, run_id = ours()
    assistant_id = backend.add_assistant().id
    backend.every_run(understudy.Reply("x = 1"))
    for _ in range(20):
        backend.add_message(thread_id, "x = ?")
    return client, thread_id, assistant_id, run_id


def watched(works: Any, watch: SuiteWatch) -> Any:
    def work(count: int) -> None:
        works(count)
        watch.test_ended()

    return work


def main() -> None:
    client, thread_id, assistant_id, run_id = scripted()
    run = client.beta.threads.runs.with_raw_response.retrieve(run_id, thread_id=thread_id).content
    page = client.beta.threads.messages.with_raw_response.list(thread_id).content
    canned = before({"/messages": page, "": run})
    watch = SuiteWatch()
    with observing(watch):
        seen, seen_thread, seen_assistant, _ = scripted()
    works = {
        "floor": running(canned, thread_id, assistant_id),
        "ours": running(client, thread_id, assistant_id),
        "ours, with --understudy-cov": watched(running(seen, seen_thread, seen_assistant), watch),
    }
    found = in_turn(works, count=RUNS // ROUNDS, rounds=ROUNDS)
    heading("a scripted run: create, 3 polls, list", "CPU ms", "ratio")
    for name, value in found.items():
        row(name, value / 1000, f"{value / found['floor']:.2f}")
    ratio = found["ours"] / found["floor"]
    in_short(f"{RUNS:,} scripted runs (create, 3 polls, list), over the floor", f"{ratio:.2f}x", goal="SDK-bound")
    covered = found["ours, with --understudy-cov"] / found["ours"]
    in_short("the same runs with `--understudy-cov`, over without", f"{covered:.2f}x")


if __name__ == "__main__":
    main()
