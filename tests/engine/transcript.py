"""Prints every byte that goes over the wire in one long test: what determinism is measured by."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import understudy as us
from tests.engine.app import ASSISTANT, assistant, run_to_end, thread
from tests.engine.following import follow
from understudy import CodeInterpreter, FunctionCall, Incomplete, RateLimited, Reply, StreamCut
from understudy._common.messages import Answer, Request, Response


class Recording(us.Backend):
    """A backend that keeps the bytes of its answers."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.bytes = bytearray()

    def handle(self, request: Request) -> Answer:
        answer = super().handle(request)
        self.bytes += f"{request.method} {request.url}\n".encode() + request.body
        if isinstance(answer, Response):
            self.bytes += f"\n{answer.status} {answer.headers}\n".encode() + answer.body
            if answer.stream is not None:
                answer.stream = self._kept(answer.stream)
        return answer

    def _kept(self, stream: Any) -> Any:
        for chunk in stream:
            self.bytes += repr(chunk).encode()
            yield chunk


def transcript() -> bytes:
    """A polled run, a streamed one, tools, a fault that is retried, a cut stream, lists, a refusal."""
    backend = Recording(seed=5)
    assistant(backend)
    client = backend.client()
    backend.next_run([FunctionCall("get_weather", {"b": 1, "a": 2}), CodeInterpreter("1", logs="1")], Reply("Sunny."))
    backend.fault(RateLimited(retry_after=1), on="runs.retrieve", nth=2)
    run = run_to_end(client, thread(client), metadata={"z": "1", "a": "2"})
    client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    backend.next_run(Reply("half"), Incomplete())
    follow(client, None)
    backend.fault(StreamCut())
    with client.beta.threads.runs.create(thread(client), assistant_id=ASSISTANT, stream=True) as stream:
        list(stream)
    client.beta.threads.messages.list(run.thread_id)
    assert backend.close() == []
    assert b"Sunny." in backend.bytes
    return bytes(backend.bytes)


if __name__ == "__main__":
    sys.stdout.write(hashlib.sha256(transcript()).hexdigest())
