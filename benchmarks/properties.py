"""200 hypothesis examples (create, poll to the end, list), over the same before a canned transport.

Both sides draw scripts and run the same loop through one client, four requests an example on average. Ours has a simulation
of its own for each example; on the canned transport, a run is `in_progress` twice and then completed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from apps import HTTP, ours
from hypothesis import HealthCheck, Phase, given, settings
from measure import heading, in_short, in_turn, row
from openai import OpenAI

import understudy
from understudy import strategies as us

EXAMPLES, ROUNDS = 200, 8
ACTIVE = ("queued", "in_progress")


def ask(client: OpenAI, assistant_id: str, thread_id: str) -> None:
    """The app's loop."""
    runs = client.beta.threads.runs
    run = runs.create(thread_id, assistant_id=assistant_id)
    while run.status in ACTIVE:
        run = runs.retrieve(run.id, thread_id=thread_id)
    client.beta.threads.messages.list(thread_id)


def examples(example: Callable[[Any], None]) -> Callable[[int], None]:
    """Work of so many examples, drawn alike for everybody."""

    def work(count: int) -> None:
        alike = settings(
            max_examples=count,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        alike(given(us.run_scripts(calls=False))(lambda script: example(script)))()

    return work


def simulated(client: OpenAI) -> Callable[[Any], None]:
    def example(script: Any) -> None:
        with understudy.simulate(script=script) as backend:
            ask(client, backend.add_assistant().id, backend.add_thread(messages=["hello"]).id)

    return example


def before(page: bytes, run: bytes) -> OpenAI:
    """The floor: a new run is active, as it is when it is first asked for; then it is over."""
    states = itertools.cycle([run.replace(b'"completed"', b'"in_progress"', 1)] * 2 + [run])

    def answer(request: Any) -> Any:
        body = page if request.url.path.endswith("/messages") else next(states)
        return HTTP.Response(200, content=body, headers={"content-type": "application/json"})

    return OpenAI(http_client=HTTP.Client(transport=HTTP.MockTransport(answer)))


def main() -> None:
    client, _, thread_id, run_id = ours()
    run = client.beta.threads.runs.with_raw_response.retrieve(run_id, thread_id=thread_id).content
    page = client.beta.threads.messages.with_raw_response.list(thread_id).content
    canned = before(page, run)
    works = {
        "floor": examples(lambda _: ask(canned, "asst_abc", thread_id)),
        "ours": examples(simulated(OpenAI())),
    }
    found = in_turn(works, count=EXAMPLES, rounds=ROUNDS)
    heading("an example: create, poll to the end, list", "CPU ms", "ratio")
    for name, value in found.items():
        row(name, value / 1000, f"{value / found['floor']:.2f}")
    ratio = found["ours"] / found["floor"]
    in_short(
        f"{EXAMPLES} hypothesis examples, each in its own simulation, over the floor", f"{ratio:.2f}x", goal="SDK-bound"
    )


if __name__ == "__main__":
    main()
