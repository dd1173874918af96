"""Makes what a world starts belong to it: threads, jobs of executors, tasks.

ContextVars do not follow into threads and jobs; and a task's own context says where it began, but not in a runner of
tests whose one context serves many tests. So each is marked when it is started.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from understudy._http import current

# anyio's pytest plugin runs the tests of a whole module in one task, which began in the first of them.
_RUNNERS = frozenset({"TestRunner._run_tests_and_fixtures"})


def carriers() -> Iterator[tuple[type, str, Any]]:
    """Give what is to be replaced: a class, the name of its method, and the method that marks what it starts."""
    yield threading.Thread, "start", _thread_start(threading.Thread.start)
    yield ThreadPoolExecutor, "submit", _submit(ThreadPoolExecutor.submit)
    yield asyncio.BaseEventLoop, "create_task", _create_task(asyncio.BaseEventLoop.create_task)


def _thread_start(original: Any) -> Any:
    def start(self: threading.Thread) -> None:
        current.mark_thread(self)
        original(self)

    return start


def _submit(original: Any) -> Any:
    def submit(self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        frame = current.beginning()
        if frame is not None and type(self).__module__ != "concurrent.futures.interpreter":  # that one pickles its jobs
            fn = current.carried(frame, fn)
        with current.unmarked():  # a pool's thread serves whoever submits: each job is marked, not the thread
            return original(self, fn, *args, **kwargs)

    return submit


def _create_task(original: Any) -> Any:
    def create_task(self: Any, coro: Any, **options: Any) -> Any:
        task = original(self, coro, **options)
        if getattr(coro, "__qualname__", None) not in _RUNNERS:
            current.mark_task(task)
        return task

    return create_task
