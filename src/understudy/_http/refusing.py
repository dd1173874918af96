"""Handlers that refuse: what belongs to a test that is over, and what may belong to several."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from understudy._common.messages import Answer, Handler, HostRules, Request
from understudy.errors import NoBackend, envelope

_seen: dict[str, None] = {}  # strays that were refused, each once, until somebody shows them


def take_strays() -> list[str]:
    """Give what strays have asked since this was asked last; the pytest plugin shows it."""
    strays = list(_seen)
    _seen.clear()
    return strays


class Stray:
    """Refuses what a thread, task or job asks that has outlived its world.

    Args:
        name: of the test or the line that opened the world.
        rules: which requests were the world's.
    """

    def __init__(self, name: str, rules: HostRules) -> None:
        self._name = name
        self.rules = rules

    def handle(self, request: Request) -> Answer:
        text = (
            f"{request.method} {request.path} was sent by {_who()}, which was started in {self._name}. That is over, so the "
            "request was refused: it did not reach the network, nor another test's answers. Wait there for what it starts "
            "(thread.join(), await, executor.shutdown()), or start it where it is used."
        )
        _seen[text] = None
        return envelope(NoBackend(text))


def _who() -> str:
    loop = asyncio._get_running_loop()  # noqa: SLF001 - the public one raises where there is none
    task = asyncio.current_task(loop) if loop is not None else None
    if task is not None:
        return f"the task {task.get_name()!r}"
    return f"the thread {threading.current_thread().name!r}"


class Ambiguous:
    """Refuses what it is asked: several tests run at once, and nothing says to which of them a request belongs."""

    def __init__(self, handlers: Sequence[Handler]) -> None:
        self._count = len(handlers)
        self.rules = HostRules(
            hosts=tuple({host: None for handler in handlers for host in handler.rules.hosts}),
            pass_hosts=tuple({host: None for handler in handlers for host in handler.rules.pass_hosts}),
        )

    def handle(self, request: Request) -> Answer:
        return envelope(
            NoBackend(
                f"{request.method} {request.path} was sent on a thread that no test started, while {self._count} tests "
                "run in parallel. Start the thread (or its pool) inside the test, or use a client made inside it."
            )
        )
