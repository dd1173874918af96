"""Memory retained per request over 20,000 requests (by tracemalloc): a run retrieved again and again."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

from apps import ours, peer
from measure import heading, row

COUNT = 20_000


def retained(work: Any) -> float:
    work(200)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work(COUNT)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / COUNT


def main() -> None:
    client, _, _, _ = ours()
    assistant = client.beta.assistants.create(model="gpt-4o")

    def our_work(count: int) -> None:
        for _ in range(count):
            client.beta.assistants.retrieve(assistant.id)

    heading("assistants.retrieve, 20,000 times", "bytes retained per request")
    row("ours", retained(our_work))
    with peer() as (peers, _):
        made = peers.beta.assistants.create(model="gpt-4o")

        def peer_work(count: int) -> None:
            for _ in range(count):
                peers.beta.assistants.retrieve(made.id)

        row("openai-responses", retained(peer_work))


if __name__ == "__main__":
    main()
