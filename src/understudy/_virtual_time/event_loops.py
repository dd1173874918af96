"""asyncio in virtual time: waiting for the next timer moves the virtual clock.

**Theory of operation.** Not `asyncio.sleep` is replaced, but what every kind of waiting is based on: the loop's `time` and
its selector's `select`. So `wait_for`, `timeout`, `gather` and concurrent pollers keep their real order. Time does not move
while a job runs in an executor or a real socket is open: then the selector really waits, and only a wait that reaches the
next timer moves the clock. Short jobs are waited for at once, so that they end in the order in which they began.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from understudy._http import current
from understudy._virtual_time.virtual_clock import VirtualTime, here

SHORT_JOB_SECONDS = 0.05  # of real time
RESOLUTION_SECONDS = 1e-6  # the resolution of unix time as a float is 2.4e-7

_virtual: dict[int, VirtualLoop] = {}  # by the loop's id; a loop in here is alive
_undo: list[Callable[[], None]] = []


class VirtualLoop:
    """An asyncio loop made virtual, until `restore`."""

    def __init__(self, loop: Any, moment: VirtualTime) -> None:
        if not hasattr(loop, "_selector") or not hasattr(loop, "_scheduled"):
            raise RuntimeError(
                f"time='sleep' works with asyncio's own event loops, not {type(loop).__module__}.{type(loop).__name__}. "
                "Run this test on asyncio's loop."
            )
        self.loop: Any = loop
        self.moment = moment
        self._elapsed_before = moment.elapsed
        self._shift = moment.monotonic() - loop.time()  # waiting timers keep their distance
        self._jobs = 0
        self._selector: Any = self.loop._selector  # noqa: SLF001 - no public API exists
        self._resolution = self.loop._clock_resolution  # noqa: SLF001
        self._executor: Any = loop.run_in_executor
        self.loop.time = lambda: moment.monotonic() - self._shift
        self.loop.run_in_executor = self._run_in_executor
        self.loop._selector = _Selector(self, self._selector)  # noqa: SLF001
        self.loop._clock_resolution = RESOLUTION_SECONDS  # noqa: SLF001
        _virtual[id(loop)] = self

    def restore(self) -> None:
        """Return to real time.

        The virtual time that passed is subtracted from timers that still wait.
        """
        del _virtual[id(self.loop)]
        del self.loop.time, self.loop.run_in_executor
        self.loop._selector = self._selector  # noqa: SLF001
        self.loop._clock_resolution = self._resolution  # noqa: SLF001
        passed = self.moment.elapsed - self._elapsed_before
        for timer in self.loop._scheduled:  # noqa: SLF001 - all by the same amount, so it stays a heap
            timer._when -= passed  # noqa: SLF001

    @contextmanager
    def waiting_for_a_job(self) -> Iterator[None]:
        """Count a job outside of virtual time for the length of the block."""
        self._jobs += 1
        try:
            yield
        finally:
            self._jobs -= 1

    def is_busy(self, selector: Any) -> bool:
        """Return whether anything runs outside of virtual time.

        That is a job, or a socket other than the loop's own pipe.
        """
        return self._jobs > 0 or len(selector.get_map() or ()) > 1

    def _run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        if executor is None:
            executor = self.loop._default_executor  # noqa: SLF001
            if executor is None:
                executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="asyncio")
                self.loop.set_default_executor(executor)
        future = self._executor(_Patient(executor), func, *args)
        self._jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _: Any) -> None:
        self._jobs -= 1


class _Patient:
    """An executor that waits briefly for each job submitted to it."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def submit(self, *job: Any) -> concurrent.futures.Future[Any]:
        future: concurrent.futures.Future[Any] = self._executor.submit(*job)
        concurrent.futures.wait([future], timeout=SHORT_JOB_SECONDS)
        return future


class _Selector:
    """A selector that moves the clock instead of waiting."""

    def __init__(self, owner: VirtualLoop, selector: Any) -> None:
        self._owner = owner
        self._selector = selector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._selector, name)

    def select(self, timeout: float | None = None) -> Any:
        ready = self._selector.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self._owner.is_busy(self._selector):
            ready = self._selector.select(timeout)
        if not ready and timeout is not None:
            self._owner.moment.sleep(timeout)
        return ready


def make_virtual(loop: Any, moment: VirtualTime) -> Callable[[], None]:
    """Make a loop virtual and return what undoes it.

    A loop that is already virtual in the same simulation is left as it is. That of an enclosing simulation is taken over
    until the undo: the innermost wins, as for requests.

    Raises:
        RuntimeError: not one of asyncio's own loops, or two concurrent simulations would move the time of one loop.
    """
    known = _virtual.get(id(loop))
    if known is None:
        VirtualLoop(loop, moment)
        return lambda: _virtual[id(loop)].restore()  # it may have been taken over and given back since
    outer = known.moment
    if outer is moment:
        return lambda: None
    if not current.encloses(outer.handler):
        raise RuntimeError(
            "two simulations with time='sleep' run concurrently in one event loop, and only one can move its time: "
            "give each its own loop, or use time='poll' in one of them"
        )
    known.restore()
    inner = VirtualLoop(loop, moment)

    def give_back() -> None:
        inner.restore()
        VirtualLoop(loop, outer)

    return give_back


def watch() -> None:
    """Patch asyncio so that a loop run inside such a simulation is virtual meanwhile."""
    original = asyncio.BaseEventLoop.run_forever
    shutdown: Callable[..., Any] = asyncio.BaseEventLoop.shutdown_default_executor

    def run_forever(self: asyncio.BaseEventLoop) -> None:
        moment = here()
        if moment is None:
            original(self)
            return
        undo = make_virtual(self, moment)
        try:
            original(self)
        finally:
            undo()

    async def shutdown_default_executor(self: asyncio.BaseEventLoop, *timeout: Any, **named: Any) -> None:
        virtual = _virtual.get(id(self))  # it joins its threads in a thread, since Python 3.12 within 300 seconds
        with virtual.waiting_for_a_job() if virtual is not None else nullcontext():
            await shutdown(self, *timeout, **named)

    asyncio.BaseEventLoop.run_forever = run_forever  # type: ignore[method-assign]
    asyncio.BaseEventLoop.shutdown_default_executor = shutdown_default_executor  # type: ignore[method-assign]
    _undo.append(lambda: setattr(asyncio.BaseEventLoop, "run_forever", original))
    _undo.append(lambda: setattr(asyncio.BaseEventLoop, "shutdown_default_executor", shutdown))


def unwatch() -> None:
    """Undo `watch`."""
    while _undo:
        _undo.pop()()
