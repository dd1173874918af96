"""Paths through the lifecycle of a run.

And what leads a run along each: moves, and faults.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.lifecycle import RUN, TERMINAL, Transition
from understudy._apis.assistants.objects import LIFETIME_SECONDS
from understudy.faults import Fault, Slow
from understudy.scripts import AnyFunctionCall, Expire, Fail, Hang, Incomplete, Reply

Path = tuple[str, ...]  # the statuses after the first `queued`


def is_performed(row: Transition) -> bool:
    """Return True if a script leads over a transition.

    Not over the undocumented outcomes of a cancel (INF).
    """
    return row.source != "cancelling" or row.mark != "INF"


def way_over(row: Transition) -> Path:
    """Return the shortest path from `queued` over a transition to a terminal status."""
    ways: list[Path] = [()]
    while not any(_end(way) == row.source for way in ways):
        steps = [step for step in RUN if is_performed(step) and not _is_lost(step, row)]
        ways = [(*way, step.target) for way in ways for step in steps if step.source == _end(way)]
    before = next(way for way in ways if _end(way) == row.source)
    return (*before, row.target, *closing(row.target))


def closing(at: str) -> Path:
    """Return the shortest path to a terminal status over recorded transitions.

    The app's submitting of outputs is included.
    """
    ways: list[Path] = [()]
    if at in TERMINAL:
        return ()
    while True:
        longer = []
        for way in ways:
            status = way[-1] if way else at
            for row in RUN:
                if row.source == status and row.mark == "REC" and row.event not in ("cancelling", "expired"):
                    if row.target in TERMINAL:
                        return (*way, row.target)
                    longer.append((*way, row.target))
        ways = longer


def script_along(path: Path) -> tuple[list[Any], tuple[Fault, ...]]:
    """Return the moves and faults that lead a run along a path.

    A fault makes it expire while it waits for the app's outputs.

    A function call is `AnyFunctionCall`; the app is to submit outputs, and to cancel where the path says so.
    """
    moves, calls = list[Any](), 0
    late: tuple[Fault, ...] = ()
    for before, status, after in zip(("queued", *path), path, (*path[1:], ""), strict=False):
        if status == "requires_action":
            moves.append(AnyFunctionCall(calls))
            calls += 1
        elif before == "requires_action" and status == "expired":
            late = (Fault(Slow(LIFETIME_SECONDS), on="runs.submit_tool_outputs", nth=calls),)
        elif status == "cancelling":
            moves.append(Hang(on_cancel="completes" if after == "completed" else "cancelled"))
        elif before != "cancelling":
            moves += _ending(status, before)
    return moves, late


def _is_lost(step: Transition, row: Transition) -> bool:
    """Return True if a step leads away from a transition.

    A run that is cancelled while queued cannot complete.
    """
    return (row.source, row.target) == ("cancelling", "completed") and (step.source, step.target) == ("queued", "cancelling")


def _end(way: Path) -> str:
    return way[-1] if way else "queued"


def _ending(status: str, before: str) -> list[Any]:
    """Return the moves that end a run so; none for a status that comes by itself."""
    if status == "completed":
        return [Reply("Done.")]
    if status == "incomplete":
        return [Reply("Not all of"), Incomplete()]
    if status == "failed":
        return [Fail(while_queued=before == "queued")]
    if status == "expired":
        return [Expire(while_queued=before == "queued")]
    return []
