"""The same SDK client before different services: the floor, ours, the peer's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from openai import DefaultHttpxClient, OpenAI

import understudy

warnings.simplefilter("ignore", DeprecationWarning)
HTTP: Any = import_module(DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])  # the SDK's own: httpx or httpx2
os.environ.setdefault("OPENAI_API_KEY", "sk-benchmark")


def ours() -> tuple[OpenAI, Any, str, str]:
    """A client of ours, its backend, and the ids of a thread and of a completed run on it."""
    backend = understudy.Backend(strict=False)
    client = backend.client()
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "hello"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    return client, backend, thread.id, run.id


def floor(body: bytes, headers: dict[str, str]) -> OpenAI:
    """A client whose transport answers everything with the same bytes: what the SDK itself costs."""
    transport = HTTP.MockTransport(lambda request: HTTP.Response(200, content=body, headers=headers))
    return OpenAI(http_client=DefaultHttpxClient(transport=transport))


@contextmanager
def intercepted() -> Iterator[tuple[OpenAI, Any]]:
    """A client that the app built, intercepted."""
    with understudy.simulate(strict=False) as backend:
        yield OpenAI(), backend


@contextmanager
def peer() -> Iterator[Any]:
    """The peer's mock, and a client before it."""
    import openai_responses

    mock = openai_responses.OpenAIMock()
    with mock.router:
        yield OpenAI(), mock
