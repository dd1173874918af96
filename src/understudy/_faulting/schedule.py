"""The faults of one simulation, and which of them a call meets.

Each kind of fault has one function, found by its type in `_EFFECTS`. To add a kind, write its value in `understudy.faults`
and its function in `answers` or `streams`, and enter both there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy._apis.common.routing import Route
from understudy._common.messages import Abort, Answer, Request, Response
from understudy._engine.engine import Engine
from understudy._faulting import answers, streams
from understudy._faulting.fault_context import ArmedFault, FaultContext
from understudy.faults import (
    BadJSON,
    ConnectionReset,
    DuplicateEvents,
    Fault,
    HTMLBody,
    NotFound,
    Overloaded,
    RateLimited,
    ReorderedEvents,
    ServerError,
    Slow,
    StreamCut,
    StreamError,
    Sunset,
    Timeout,
    What,
)

RETRY_SLEEPS = (
    "a fault raised a transport error, and the SDK really sleeps about 0.5 s before it retries: build the client with "
    "max_retries=0, or use time='sleep' to test the retry"
)

_EFFECTS: dict[type[What], Callable[[FaultContext, Any], Answer]] = {
    RateLimited: answers.rate_limited,
    ServerError: answers.server_error,
    Overloaded: answers.overloaded,
    HTMLBody: answers.html,
    NotFound: answers.not_found,
    Sunset: answers.sunset,
    BadJSON: answers.bad_json,
    Timeout: answers.timeout,
    ConnectionReset: answers.connection_reset,
    Slow: answers.slow,
    StreamCut: streams.cut,
    StreamError: streams.error,
    DuplicateEvents: streams.duplicated,
    ReorderedEvents: streams.reordered,
}


class Faults:
    """The faults of one simulation, in the order they were set."""

    def __init__(self, engine: Engine, hints: list[str]) -> None:
        self._engine = engine
        self._hints = hints
        self._set: list[ArmedFault] = []
        self._aborted: set[str] = set()  # operations whose last call ended in an exception

    def add(self, fault: Fault, where: str, *, is_optional: bool = False) -> None:
        self._set.append(ArmedFault(fault, where, is_optional=is_optional))

    @property
    def schedule(self) -> tuple[Fault, ...]:
        return tuple(entry.fault for entry in self._set)

    def take_left(self) -> list[ArmedFault]:
        """Remove all faults; return those that have not happened as often as set."""
        left, self._set = [entry for entry in self._set if entry.is_left], []
        return left

    def find(self, route: Route, request: Request) -> ArmedFault | None:
        """Return the fault that a call meets, the first that fits; None for none.

        Every fault that fits counts the call.
        """
        self._notice_retry(route, request)
        is_streamed = b'"stream"' in request.body and (request.json or {}).get("stream") is True
        fitting = [entry for entry in self._set if entry.meets(route, is_streamed)]
        return fitting[0] if fitting else None

    def answer(self, entry: ArmedFault, route: Route, request: Request, serve: Callable[[], Response]) -> Answer:
        """Answer a call as the fault it meets requires."""
        entry.struck += 1
        fault = entry.fault
        answer = _EFFECTS[type(fault.what)](FaultContext(entry, self._engine, route, request, serve), fault.what)
        if isinstance(answer, Abort):
            self._aborted.add(_name_of(route))
        return answer

    def _notice_retry(self, route: Route, request: Request) -> None:
        if _name_of(route) not in self._aborted:
            return
        self._aborted.discard(_name_of(route))
        is_retry = request.header("x-stainless-retry-count", "0") != "0"
        if is_retry and answers.skips_retry_waits(self._engine) and RETRY_SLEEPS not in self._hints:
            self._hints.append(RETRY_SLEEPS)


def _name_of(route: Route) -> str:
    return route.operation.name if route.operation is not None else ""
