"""Processes started during an activation: their API requests are refused.

A handler lives in one process. Its copy in a forked child would answer, but the test would see neither the requests nor the
errors; a spawned child has no handler, and would reach the network.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from understudy._common.messages import Answer, HostRules, Request
from understudy._http import current
from understudy._http.current import handler_for
from understudy._http.patching import Undo, wrap
from understudy.errors import NoBackend, envelope


class RefusedInChild:
    """Refuses the API requests of a child process, which has no handler.

    Unpickled in the child, it refuses from then on.
    """

    def __init__(self, rules: HostRules) -> None:
        self.rules = rules

    def handle(self, request: Request) -> Answer:
        return envelope(
            NoBackend(
                f"{request.method} {request.path} was sent by a child process, where the test's simulator or cassette "
                "cannot answer. Use the fixture `understudy_server`, which serves other processes, or run this part of the "
                "app in a thread."
            )
        )

    def __reduce__(self) -> Any:
        return _refuse_here, (self.rules.hosts, self.rules.pass_hosts)


def _refuse_here(hosts: tuple[str, ...], pass_hosts: tuple[str, ...]) -> RefusedInChild:
    """Refuse every API request of this (spawned) process until it ends."""
    from understudy._http.activation import guard_for_good

    refusing = RefusedInChild(HostRules(hosts, pass_hosts))
    guard_for_good(refusing)
    return refusing


def _refuse_in_fork() -> None:
    current.replace_handlers(lambda handler: RefusedInChild(handler.rules))  # pragma: no cover - in a forked child


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_refuse_in_fork)


def patches() -> Iterator[Undo]:
    """Pass the refusal to every process that multiprocessing starts."""
    from multiprocessing.process import BaseProcess

    yield wrap(BaseProcess, "start", _wrap_start)


def _wrap_start(original: Callable[..., None]) -> Callable[..., None]:
    def start(self: Any) -> None:
        handler = handler_for(self)
        if handler is None:
            original(self)
            return
        self.understudy_refusal = RefusedInChild(handler.rules)  # pickled with the process if it is spawned
        try:
            original(self)
        finally:
            del self.understudy_refusal

    return start
