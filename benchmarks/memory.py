"""Memory retained per request over 20,000 requests (by tracemalloc): a run retrieved again and again."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

from apps import ours, peer
from measure import heading, row

COUNT = 20_000


def retained(work: Any, count: int) -> float:
    work(200)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    work(count)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / count


def main() -> None:
    client, backend, _, _ = ours()
    assistant = client.beta.assistants.create(model="gpt-4o")

    def our_work(count: int) -> None:
        for _ in range(count):
            client.beta.assistants.retrieve(assistant.id)

    heading("assistants.retrieve, 20,000 times", "bytes retained per request")
    row("ours", retained(our_work, COUNT))
    with peer() as (peers, _):
        made = peers.beta.assistants.create(model="gpt-4o")

        def peer_work(count: int) -> None:
            for _ in range(count):
                peers.beta.assistants.retrieve(made.id)

        row("openai-responses", retained(peer_work, COUNT))
    messages(backend)


def messages(backend: Any) -> None:
    """Memory of a thread of 100,000 short messages, beside what the peer keeps for 2,000 of its own."""
    thread = backend.add_thread()
    heading("a short message in a thread", "messages", "bytes each")
    row("ours", 100_000, retained(lambda count: [backend.add_message(thread.id, "hello") for _ in range(count)], 100_000))
    with peer() as (peers, _):
        made = peers.beta.threads.create()

        def create(count: int) -> None:
            for _ in range(count):
                peers.beta.threads.messages.create(made.id, role="user", content="hello")

        row("openai-responses", 2_000, retained(create, 2_000))


if __name__ == "__main__":
    main()
