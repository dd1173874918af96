"""A plain HTTP client, and a door to a cassette through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import vcr.serializers.yamlserializer  # noqa: F401  pytester forgets what is first imported in a test of its; yaml in C cannot

from tests.cassettes.building import BASE

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def plain() -> Iterator[httpx.Client]:
    """A client of no SDK's, made once: its TLS context takes longer than most tests here."""
    with httpx.Client(base_url=BASE) as client:
        yield client


@pytest.fixture
def ask(plain: httpx.Client) -> Ask:
    """Send a request to the API; the answer as JSON."""

    def send(method: str, path: str, body: Any = None) -> Any:
        return plain.request(method, BASE + path, json=body).json()

    return send
