"""Memory retained per request over 20,000 requests (by tracemalloc): an assistant retrieved again and again."""

from __future__ import annotations

from typing import Any

from apps import ours, peer
from measure import heading, in_short, retained, row

COUNT, PEERS_COUNT = 20_000, 2_000  # what the peer keeps grows with every request, so fewer show it, in less time


def main() -> None:
    client, backend, _, _ = ours()
    assistant = client.beta.assistants.create(model="gpt-4o")

    def our_work(count: int) -> None:
        for _ in range(count):
            client.beta.assistants.retrieve(assistant.id)

    heading("assistants.retrieve", "times", "bytes retained per request")
    own = retained(our_work, COUNT, warm_up=200)
    row("ours", COUNT, own)
    with peer() as (peers, _):
        made = peers.beta.assistants.create(model="gpt-4o")

        def peer_work(count: int) -> None:
            for _ in range(count):
                peers.beta.assistants.retrieve(made.id)

        theirs = retained(peer_work, PEERS_COUNT, warm_up=200)
        row("openai-responses", PEERS_COUNT, theirs)
    beside = f"openai-responses {theirs:,.0f} bytes (over {PEERS_COUNT:,})"
    in_short(f"memory retained per request over {COUNT:,}", f"{own:,.0f} bytes", goal="1,000 bytes", beside=beside)
    messages(backend)


def messages(backend: Any) -> None:
    """Memory of a thread of 100,000 short messages, beside what the peer keeps for 2,000 of its own."""
    thread = backend.add_thread()
    heading("a short message in a thread", "messages", "bytes each")
    own = retained(lambda count: [backend.add_message(thread.id, "hello") for _ in range(count)], 100_000, warm_up=200)
    row("ours", 100_000, own)
    with peer() as (peers, _):
        made = peers.beta.threads.create()

        def create(count: int) -> None:
            for _ in range(count):
                peers.beta.threads.messages.create(made.id, role="user", content="hello")

        theirs = retained(create, 2_000, warm_up=200)
        row("openai-responses", 2_000, theirs)
    beside = f"openai-responses {theirs:,.0f} bytes (in a thread of 2,000)"
    in_short("memory of a short message in a thread of 100,000", f"{own:,.0f} bytes", beside=beside)


if __name__ == "__main__":
    main()
