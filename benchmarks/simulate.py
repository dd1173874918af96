"""CPU per request over the floor: creating threads (state grows), retrieving a run (what polling does), a response."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from apps import floor, intercepted, peer
from measure import heading, in_short, in_turn, row
from openai import OpenAI

Work = Callable[[int], None]


def creating(client: OpenAI) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            client.beta.threads.create()

    return work


def polling(client: OpenAI, thread_id: str, run_id: str) -> Work:
    numbers = itertools.count(1)

    def work(count: int) -> None:
        for number in itertools.islice(numbers, count):
            client.beta.threads.runs.retrieve(run_id, thread_id=thread_id, extra_headers={"x-n": str(number)})
            if number % 40 == 0:  # the same question 50 times over would be a livelock
                client.beta.threads.update(thread_id, metadata={})

    return work


def responding(client: OpenAI) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            client.responses.create(model="gpt-4o", input="hello")

    return work


def canned(answer: Any) -> OpenAI:
    """The floor that answers what was answered once."""
    return floor(answer.content, {key: value for key, value in answer.headers.items() if key != "content-length"})


def a_run(client: OpenAI) -> tuple[str, str]:
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create()
    client.beta.threads.messages.create(thread.id, role="user", content="hello")
    return thread.id, client.beta.threads.runs.create(thread.id, assistant_id=assistant.id).id


def main() -> None:
    with intercepted() as (client, _):
        ids = a_run(client)
        empty = canned(client.beta.threads.with_raw_response.create())
        state = canned(client.beta.threads.runs.with_raw_response.retrieve(ids[1], thread_id=ids[0]))
        reply = canned(client.responses.with_raw_response.create(model="gpt-4o", input="hello"))
        ours_responding = in_turn({"floor": responding(reply), "ours": responding(client)}, count=2, rounds=1_000)
        ours = in_turn({"floor": creating(empty), "ours": creating(client)}, count=5, rounds=1_000)
        ours_polled = in_turn({"floor": polling(state, *ids), "ours": polling(client, *ids)}, count=5, rounds=1_000)
    with peer() as (peers, _):
        theirs = in_turn({"floor": creating(empty), "openai-responses": creating(peers)}, count=5, rounds=150)
        run = a_run(peers)
        works = {"floor": polling(state, *run), "openai-responses": polling(peers, *run)}
        theirs_polled = in_turn(works, count=5, rounds=150)
    show("threads.create", ours, theirs)
    show("runs.retrieve", ours_polled, theirs_polled)
    show("responses.create", ours_responding)


def show(name: str, *measured: dict[str, float]) -> None:
    heading(name, "CPU µs", "over the floor µs", "ratio")
    told = {}
    for found in measured:
        for who, value in found.items():
            over, ratio = value - found["floor"], value / found["floor"]
            told[who] = f"{ratio:.2f}x (+{over:,.0f} µs)"
            row(who, value, over, f"{ratio:.2f}")
    beside = f"openai-responses {told['openai-responses']}" if "openai-responses" in told else "-"
    in_short(f"CPU of `{name}` over the SDK's floor", told["ours"], goal="1.12x", beside=beside)


if __name__ == "__main__":
    main()
