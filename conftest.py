"""The suite's own rules: no network but loopback, no key but what is tested supplies, the same examples for everybody."""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import HealthCheck, settings

# The machine's speed is not what is tested, and a failing example must fail everywhere. tests/effort.py: how many examples.
for name, examples in {"suite": 25, "deep": 100, "mutants": 12}.items():
    settings.register_profile(
        name, max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("suite")

# Inner runs of pytest rewrite the asserts of every plugin, understudy's files included: once, if they may keep the result.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_connect, _getaddrinfo = socket.socket.connect, socket.getaddrinfo
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NetworkTouched(AssertionError):
    """A test tried to reach beyond this machine."""


def _only_loopback(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else "localhost"
    if host not in _LOOPBACK:
        raise NetworkTouched(f"a test tried to connect to {address!r}")
    _connect(self, address)  # type: ignore[arg-type]


def _only_own_names(host: bytes | str | None, *arguments: object, **named: object) -> object:
    name = host.decode() if isinstance(host, bytes) else host
    if name not in (None, "", *_LOOPBACK):
        raise NetworkTouched(f"a test asked for the address of {name!r}")
    return _getaddrinfo(host, *arguments, **named)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_loopback)
    monkeypatch.setattr(socket, "getaddrinfo", _only_own_names)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI pytest's short summary is longer; pytest-xdist's workers set a width that no terminal of a test has."""
    for name in ("CI", "BUILD_NUMBER", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


_LONGEST_ID_CHARS = 120


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long text by its parameter: ids stay readable, and equal in all of pytest-xdist's workers."""
    return argname if isinstance(val, str | bytes) and len(val) > _LONGEST_ID_CHARS else None
