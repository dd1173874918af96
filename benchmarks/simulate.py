"""CPU per request: creating threads, the cheapest stateful operation all three have."""

from __future__ import annotations

from apps import floor, intercepted, peer
from measure import heading, in_turn, row


def main() -> None:
    with intercepted() as (client, _), peer() as (peers, _):
        answer = client.beta.threads.with_raw_response.create()
        headers = {key: value for key, value in answer.headers.items() if key != "content-length"}
        canned = floor(answer.content, headers)

        def creating(before):  # type: ignore[no-untyped-def]
            def work(count: int) -> None:
                for _ in range(count):
                    before.beta.threads.create()

            return work

        found = in_turn({"floor": creating(canned), "ours": creating(client)}, count=400)
    with peer() as (peers, _):
        found |= in_turn({"floor again": creating(canned), "openai-responses": creating(peers)}, count=200, rounds=5)
    heading("threads.create", "CPU µs", "over the floor µs", "ratio")
    for name in ("floor", "ours"):
        row(name, found[name], found[name] - found["floor"], f"{found[name] / found['floor']:.2f}")
    for name in ("floor again", "openai-responses"):
        row(name, found[name], found[name] - found["floor again"], f"{found[name] / found['floor again']:.2f}")


if __name__ == "__main__":
    main()
