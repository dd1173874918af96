"""A machine whose clocks only tests move: what sleeps on it returns at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from understudy._diagnostics import real_sleep

_sleep_async = asyncio.sleep


class Machine:
    """The clocks of a machine on which nothing else runs: of all time, and of what the thread computed."""

    def __init__(self) -> None:
        self.passed = self.computed = 0.0

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def sleep_async(self, seconds: float) -> Coroutine[Any, Any, None]:
        self.passed += seconds
        return _sleep_async(0)

    def compute(self, seconds: float) -> None:
        self.passed += seconds
        self.computed += seconds

    def block(self, seconds: float) -> None:
        """Wait for something else than time, such as a lock."""
        self.passed += seconds


@contextmanager
def another_machine() -> Iterator[Machine]:
    """Replace the machine's clocks."""
    machine = Machine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real_sleep, "elapsed", lambda: machine.passed)
        patch.setattr(real_sleep, "_busy", lambda: machine.computed)
        patch.setattr(time, "sleep", machine.sleep)
        patch.setattr(asyncio, "sleep", machine.sleep_async)
        yield machine
