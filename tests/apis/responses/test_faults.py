"""Faults on the Responses API, by operation and by stream event."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy import Reply, simulate
from understudy.faults import RateLimited, StreamCut, StreamError

MODEL = "gpt-4o-mini"


def test_by_operation() -> None:
    """A fault named by the operation strikes it, and only it."""
    with simulate() as backend:
        client = backend.client(max_retries=0)
        backend.fault(RateLimited(), on="responses.retrieve")
        response = client.responses.create(model=MODEL, input="x")
        with pytest.raises(openai.RateLimitError):
            client.responses.retrieve(response.id)
        assert client.responses.retrieve(response.id).id == response.id


@pytest.mark.parametrize("event", [None, "response.output_text.delta", 2])
def test_a_stream_is_cut(event: Any) -> None:
    """A cut comes before the event named, by default before the last; a background response can be resumed after it."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client(max_retries=0)
        backend.fault(StreamCut(), on="responses.create", event=event)
        seen = list(client.responses.create(model=MODEL, input="x", background=True, stream=True))
        assert "response.completed" not in [got.type for got in seen]
        response_id = seen[0].response.id  # type: ignore[union-attr]
        last = seen[-1].sequence_number
        rest = list(client.responses.retrieve(response_id, stream=True, starting_after=last))
        assert rest[-1].type == "response.completed"
        assert [got.sequence_number for got in [*seen, *rest]] == list(range(len(seen) + len(rest)))


def test_a_stream_fails() -> None:
    """An error event carries a number, and the SDK raises it."""
    with simulate(script=(Reply("One two three."),)) as backend:
        client = backend.client(max_retries=0)
        backend.fault(StreamError(message="Broken."), on="responses.create")
        with pytest.raises(openai.APIError, match="Broken"):
            list(client.responses.create(model=MODEL, input="x", stream=True))
