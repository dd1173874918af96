"""The machine's clock, replaced: tests of real time do not wait."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator

import pytest

from understudy._diagnostics import real_sleep
from understudy._engine import clock as clock_module
from understudy._http import transports


@pytest.fixture(scope="session")
def _preloaded() -> None:
    """Import what in-process runs of pytest would drop, before the first of them."""
    importlib.import_module("tests.preloaded")


@pytest.fixture
def pytester(_preloaded: None, pytester: pytest.Pytester) -> pytest.Pytester:
    """Pytest in pytest: in this process where a test does not need one of its own, which costs seconds."""
    return pytester


@pytest.fixture(scope="session", autouse=True)
def _no_time_between_requests() -> Iterator[None]:
    """However loaded the machine is, no test is taken for one that sleeps between its requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_sleep, "elapsed", lambda: 0.0)
        yield


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


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    """The seconds that the app and its SDK have asked `time.sleep` for, which returns at once."""
    asked: list[float] = []
    monkeypatch.setattr(time, "sleep", asked.append)
    return asked
