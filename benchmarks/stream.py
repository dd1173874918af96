"""A streamed reply of 1,000 deltas, of a run and of a response, beside the same bytes from a canned transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps import HTTP, ours
from measure import heading, in_short, in_turn, row
from openai import DefaultHttpxClient, OpenAI

import understudy

TEXT = " ".join(f"word{number}" for number in range(1_000))
Start = Callable[[OpenAI], Any]


def main() -> None:
    client, backend, thread_id, _ = ours()
    assistant_id = backend.add_assistant().id
    backend.every_run(understudy.Reply(TEXT))
    show(
        "a run",
        "thread.message.delta",
        client,
        lambda sdk: sdk.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True),
        client.beta.threads.runs.with_streaming_response.create(thread_id, assistant_id=assistant_id, stream=True),
    )
    show(
        "a response",
        "response.output_text.delta",
        client,
        lambda sdk: sdk.responses.create(model="gpt-4o", input="hello", stream=True),
        client.responses.with_streaming_response.create(model="gpt-4o", input="hello", stream=True),
    )


def show(what: str, delta: str, client: OpenAI, start: Start, raw: Any) -> None:
    """Measure streams that `start` opens beside the bytes of one of them, `raw`."""
    with raw as answer:
        replayed = canned(list(answer.iter_bytes()), dict(answer.headers))
    works = {"floor": reading(replayed, start, delta), "ours": reading(client, start, delta)}
    found = in_turn(works, count=1, rounds=50, warm_up=2)
    heading(f"{what}: a reply of 1,000 deltas", "CPU ms", "ratio")
    for name, value in found.items():
        row(name, value / 1000, f"{value / found['floor']:.2f}")
    ratio = found["ours"] / found["floor"]
    in_short(f"{what}: a streamed reply of 1,000 deltas, over the same bytes canned", f"{ratio:.2f}x", goal="1.3x")


def canned(chunks: list[bytes], headers: dict[str, str]) -> OpenAI:
    class Canned(HTTP.SyncByteStream):  # type: ignore[misc]
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield from chunks

    transport = HTTP.MockTransport(lambda request: HTTP.Response(200, stream=Canned(), headers=headers))
    return OpenAI(http_client=DefaultHttpxClient(transport=transport))


def reading(client: OpenAI, start: Start, delta: str) -> Callable[[int], None]:
    def work(count: int) -> None:
        for _ in range(count):
            names = [getattr(event, "event", None) or event.type for event in start(client)]
            assert names.count(delta) == 1_000

    return work


if __name__ == "__main__":
    main()
