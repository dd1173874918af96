"""CPU of `messages.list`, a page of 20, as the thread grows."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from apps import ours
from measure import heading, in_short, in_turn, row
from openai import OpenAI


def listing(client: OpenAI, thread_id: str) -> Callable[[int], None]:
    numbers = itertools.count(1)

    def work(count: int) -> None:
        for number in itertools.islice(numbers, count):
            client.beta.threads.messages.list(thread_id, extra_headers={"x-n": str(number)})
            if number % 40 == 0:  # the same question 50 times over would be a livelock
                client.beta.threads.update(thread_id, metadata={})

    return work


def main() -> None:
    client, backend, _, _ = ours()
    works = {}
    for size in (20, 1_000, 10_000, 100_000):
        thread = backend.add_thread(id=f"thread_{size}")
        for number in range(size):
            backend.add_message(thread.id, str(number))
        works[f"{size:,}"] = listing(client, thread.id)
    found = in_turn(works, count=2, rounds=300)
    heading("messages in the thread", "CPU µs per list", "ratio")
    for name, value in found.items():
        row(name, value, f"{value / found['20']:.2f}")
    grown = found["100,000"] / found["20"]
    in_short("`messages.list` in a thread of 100,000 messages, over one of 20", f"{grown:.2f}x", goal="1.2x")


if __name__ == "__main__":
    main()
