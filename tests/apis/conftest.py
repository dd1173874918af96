"""Every body and every streamed payload that these tests see is validated against the observed spec."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import understudy as understudy_module
from tests.observed_spec import check_answer
from understudy._backend.backend import Backend
from understudy._backend.dispatcher import Dispatcher


@pytest.fixture(autouse=True)
def validated(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Dispatcher.handle

    def handle(self: Dispatcher, request: Any) -> Any:
        return check_answer(request, answer(self, request))

    monkeypatch.setattr(Dispatcher, "handle", handle)


@pytest.fixture
def backend(validated: None) -> Iterator[Backend]:
    """A simulated service for the test, clients of which need no patching."""
    with understudy_module.simulate() as simulated:
        yield simulated


@pytest.fixture
def client(backend: Backend) -> Any:
    """An `openai.OpenAI` of that service."""
    with backend.client() as openai_client:
        yield openai_client
