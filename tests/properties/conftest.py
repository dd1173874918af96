"""No test in here reaches for the network."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from understudy.intercept import transports
from understudy.simulation import clock as clock_module

# The machine's speed is not what is tested, and a failing example must fail for everybody.
settings.register_profile("properties", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("properties")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError(f"a test tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


class Wall:
    """A wall clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def wall(monkeypatch):
    """The machine's clock, replaced."""
    wall = Wall()
    monkeypatch.setattr(clock_module, "time", wall)
    monkeypatch.setattr(transports, "time", wall)
    return wall
