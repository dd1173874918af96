"""Handlers that refuse: strays of a test that has ended, and ambiguous requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from understudy._common.messages import Answer, Handler, HostRules, Request
from understudy.errors import NoBackend, envelope

_seen: dict[str, None] = {}  # the texts of refused strays, each once, until they are taken


def take_strays() -> list[str]:
    """Return the texts of the strays refused since the last call.

    The pytest plugin shows them.
    """
    strays = list(_seen)
    _seen.clear()
    return strays


class Stray:
    """Refuses the requests of a thread, task or job that outlived its activation.

    Args:
        name: of the test or source line that opened the simulation or cassette.
        rules: which requests are for the API.
    """

    def __init__(self, name: str, rules: HostRules) -> None:
        self._name = name
        self.rules = rules

    def handle(self, request: Request) -> Answer:
        text = (
            f"{request.method} {request.path} was sent by {_who()}, which was started in {self._name}. That has ended, so "
            "the request was refused: it reached neither the network nor the simulation of another test. Wait there for "
            "what it starts (thread.join(), await, executor.shutdown()), or start it in the test that uses it."
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
    """Refuses requests that cannot be assigned to one of several parallel tests."""

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
                "run in parallel, and it may belong to any of them. Start the thread (or its pool) inside the "
                "test, or use a client created inside it."
            )
        )
