"""A streamed reply of 1,000 deltas, beside the same bytes from a canned transport."""

from __future__ import annotations

import httpx
from apps import ours
from measure import heading, in_short, in_turn, row
from openai import OpenAI

import understudy

TEXT = " ".join(f"word{number}" for number in range(1_000))


def main() -> None:
    client, backend, thread_id, _ = ours()
    assistant_id = backend.add_assistant().id
    backend.every_run(understudy.Reply(TEXT))
    with client.beta.threads.runs.with_streaming_response.create(
        thread_id, assistant_id=assistant_id, stream=True
    ) as answer:
        chunks = list(answer.iter_bytes())
        headers = dict(answer.headers)

    class Canned(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield from chunks

    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Canned(), headers=headers))
    canned = OpenAI(http_client=httpx.Client(transport=transport))

    def reading(before: OpenAI):  # type: ignore[no-untyped-def]
        def work(count: int) -> None:
            for _ in range(count):
                stream = before.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)
                assert sum(event.event == "thread.message.delta" for event in stream) == 1_000

        return work

    found = in_turn({"floor": reading(canned), "ours": reading(client)}, count=3, rounds=7)
    heading("a reply of 1,000 deltas", "CPU ms", "ratio")
    for name, value in found.items():
        row(name, value / 1000, f"{value / found['floor']:.2f}")
    in_short("a streamed reply of 1,000 deltas, over the same bytes canned", f"{found['ours'] / found['floor']:.2f}x")


if __name__ == "__main__":
    main()
