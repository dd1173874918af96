"""The lifecycle that the explorer enumerates, by API.

What the service can choose, and what leads along a path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from understudy._apis.assistants.lifecycle import RUN
from understudy._coverage import lifecycle_paths, response_paths
from understudy._coverage.lifecycle_paths import Path, is_performed
from understudy.faults import Fault, RateLimited, ServerError, StreamCut

# What can go wrong besides. None of these makes an SDK sleep in real time.
FAULTS = (
    Fault(RateLimited(), on="runs.retrieve"),
    Fault(ServerError(), on="messages.create"),
    Fault(ServerError(), on="messages.create", phase="after"),
    Fault(ServerError(), on="runs.create"),
    Fault(ServerError(), on="runs.create", phase="after"),
    Fault(ServerError(), on="runs.retrieve"),
    Fault(ServerError(), on="runs.submit_tool_outputs"),
    Fault(ServerError(), on="runs.submit_tool_outputs", phase="after"),
    Fault(StreamCut()),
)
_RESPONSE_FAULTS = (
    Fault(RateLimited(), on="responses.create"),
    Fault(ServerError(), on="responses.create"),
    Fault(ServerError(), on="responses.create", phase="after"),
    Fault(ServerError(), on="responses.retrieve"),
    Fault(ServerError(), on="conversations.create"),
    Fault(ServerError(), on="conversations.create", phase="after"),
    Fault(StreamCut()),
)
_ANY_FAULTS = (Fault(RateLimited()), Fault(ServerError()), Fault(ServerError(), phase="after"), Fault(StreamCut()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiLifecycle:
    """The choices and scripts to enumerate for one API.

    Attributes:
        choices: what the service can do next, from a status; `hangs` and `expires_while_waiting` by name.
        closing: the shortest way from a status to a terminal one.
        script_along: the moves, and the faults, that lead along a path.
        faults: what can go wrong besides.
        hangs: whether one that never ends by itself is enumerated unless the caller says otherwise: a run expires in the
            end, so that every app comes to an end with it; a response does not.
    """

    choices: Callable[..., list[Path]]
    closing: Callable[[str], Path]
    script_along: Callable[[Path], tuple[list[Any], tuple[Fault, ...]]]
    faults: tuple[Fault, ...]
    hangs: bool


def _of_run(at: str, *, hangs: bool, expires_while_waiting: bool) -> list[Path]:
    """Return what a run can do next, in the order of the table.

    Until a cancel, doing nothing is one choice.
    """
    if at == "requires_action":
        return [("expired",)] if expires_while_waiting else []
    choices: list[Path] = [(row.target,) for row in RUN if row.source == at and row.event != "cancelling"]
    if at == "in_progress" and hangs:
        choices += [("cancelling", row.target) for row in RUN if row.source == "cancelling" and is_performed(row)]
    return choices


def _of_both(at: str, *, hangs: bool, expires_while_waiting: bool) -> list[Path]:
    """Return what both APIs can do, in the words of runs."""
    own = _of_run(at, hangs=hangs, expires_while_waiting=expires_while_waiting)
    return [path for path in own if path not in (("expired",), ("cancelling", "completed"))]


def _of_response(at: str, *, hangs: bool, expires_while_waiting: bool) -> list[Path]:  # noqa: ARG001 - as every API
    return response_paths.choices(at, hangs=hangs)


LIFECYCLES = {
    "assistants": ApiLifecycle(
        choices=_of_run,
        closing=lifecycle_paths.closing,
        script_along=lifecycle_paths.script_along,
        faults=FAULTS,
        hangs=True,
    ),
    "responses": ApiLifecycle(
        choices=_of_response,
        closing=response_paths.closing,
        script_along=response_paths.script_along,
        faults=_RESPONSE_FAULTS,
        hangs=False,
    ),
    "both": ApiLifecycle(
        choices=_of_both,
        closing=lifecycle_paths.closing,
        script_along=lifecycle_paths.script_along,
        faults=_ANY_FAULTS,
        hangs=False,
    ),
}
