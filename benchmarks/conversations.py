"""CPU and memory of a turn on Responses, as the conversation, or the chain of `previous_response_id`, grows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps import floor, intercepted
from measure import heading, in_short, in_turn, retained, row

TURNS, CHAIN = 1_000, 200
ASKED: dict[str, Any] = {"model": "gpt-4o", "input": "And now?"}
Work = Callable[[int], None]


def in_conversation(client: Any, conversation_id: str) -> Work:
    def work(count: int) -> None:
        for _ in range(count):
            client.responses.create(conversation=conversation_id, **ASKED)

    return work


class Chain:
    """Turns that go on from one another, of which so many are there already."""

    def __init__(self, client: Any, *, grown: int) -> None:
        self.client = client
        self.grown = grown
        self.latest = self._grow(None, grown)

    def _grow(self, latest: str | None, count: int) -> str | None:
        for _ in range(count):
            previous = {} if latest is None else {"previous_response_id": latest}
            latest = self.client.responses.create(**ASKED, **previous).id
        return latest

    def work(self, count: int) -> None:
        """So many turns, each going on from the same point, so that the chain stays as long as it is."""
        for _ in range(count):
            self._grow(self.latest, 1)


def main() -> None:
    with intercepted() as (client, _):
        answer = client.responses.with_raw_response.create(**ASKED)
        headers = {key: value for key, value in answer.headers.items() if key != "content-length"}
        canned = floor(answer.content, headers)
        long, short = client.conversations.create().id, client.conversations.create().id
        in_conversation(client, long)(TURNS)
        in_conversation(client, short)(1)
        works = {
            "the floor": in_conversation(canned, short),
            "of its own": Chain(client, grown=0).work,
            "in a new conversation": in_conversation(client, short),
            f"in a conversation of {TURNS:,} turns": in_conversation(client, long),
            "in a chain of 1": Chain(client, grown=1).work,
            f"in a chain of {CHAIN}": Chain(client, grown=CHAIN).work,
        }
        found = in_turn(works, count=1, rounds=300)
        kept = {
            "of its own": retained(Chain(client, grown=0).work, CHAIN),
            f"in a chain of {CHAIN}": retained(lambda count: Chain(client, grown=count), CHAIN),
            f"in a conversation of {TURNS:,} turns": retained(in_conversation(client, long), CHAIN),
        }
    heading("a turn (`responses.create`)", "CPU µs", "over the floor", "bytes retained")
    for name, value in found.items():
        row(name, value, f"{value / found['the floor']:.2f}", kept.get(name, ""))
    grown = found[f"in a conversation of {TURNS:,} turns"] / found["in a new conversation"]
    in_short(f"a turn of a conversation of {TURNS:,}, over one of a new conversation", f"{grown:.2f}x", goal="1.2x")
    chained = found[f"in a chain of {CHAIN}"] / found["in a chain of 1"]
    in_short(f"a turn of a chain of {CHAIN} responses, over one of a chain of 1", f"{chained:.2f}x", goal="1.2x")


if __name__ == "__main__":
    main()
