"""Threads, jobs of executors and tasks belong to the activation that starts them.

ContextVars do not follow into threads and jobs. The context of a task shows where it began, but not in a test runner that
uses one context for many tests. So each is marked when it is started.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from understudy._http import current

# anyio's pytest plugin runs all tests of a module in one task, started in the first of them.
_RUNNERS = frozenset({"TestRunner._run_tests_and_fixtures"})


def carriers() -> Iterator[tuple[type, str, Any]]:
    """Yield the replacements: class, method name, and the marking method."""
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
        frame = current.starting_frame()
        if frame is not None and type(self).__module__ != "concurrent.futures.interpreter":  # its jobs are pickled
            fn = current.bind_job(frame, fn)
        with current.without_marks():  # a pool's thread serves every submitter: mark the job, not the thread
            return original(self, fn, *args, **kwargs)

    return submit


def _create_task(original: Any) -> Any:
    def create_task(self: Any, coro: Any, **options: Any) -> Any:
        task = original(self, coro, **options)
        if getattr(coro, "__qualname__", None) not in _RUNNERS:
            current.mark_task(task)
        return task

    return create_task
