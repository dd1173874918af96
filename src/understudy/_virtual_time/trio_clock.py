"""A clock for `trio.run` that moves together with a simulation's."""

from __future__ import annotations

from typing import Any

from understudy._engine.clock import Clock


def trio_clock(clock: Clock) -> Any:
    """Return a trio `MockClock` that moves a simulation's clock with it.

    It jumps to the next deadline when all tasks wait.

        trio.run(main, clock=understudy.trio_clock(backend.clock))

    Raises:
        ImportError: trio is not installed.
    """
    from trio.testing import MockClock

    mock: Any = MockClock(autojump_threshold=0)
    jump = mock.jump

    def jump_both(seconds: float) -> None:
        jump(seconds)
        clock.advance(seconds)

    mock.jump = jump_both  # the class is final; its own autojump goes through this method
    return mock
