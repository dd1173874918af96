"""Paths through the lifecycle of responses.

And what leads an app along each.

A tool loop is several responses: in a path, a `completed` that is not the last status ended with calls, and what follows
is the next response, which brings the outputs.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.responses.lifecycle import RESPONSE
from understudy._coverage.lifecycle_paths import Path
from understudy._engine.lifecycle import TERMINAL, Transition
from understudy.faults import Fault
from understudy.scripts import AnyFunctionCall, Fail, Hang, Incomplete, Reply

CALLS = ("completed", "queued")  # a response that ends with calls, and the next one
_SHORTEST: dict[str, Path] = {"queued": ("in_progress", "completed"), "in_progress": ("completed",)}


def way_over(row: Transition) -> Path:
    """Return the shortest path from `queued` over a transition to a terminal status."""
    before = () if row.source == "queued" else (row.source,)
    return (*before, row.target, *closing(row.target))


def closing(at: str) -> Path:
    """Return the shortest path to a terminal status."""
    return _SHORTEST.get(at, ())


def choices(at: str, *, hangs: bool) -> list[Path]:
    """Return what the service can do next, in the order of the table; calls first.

    `hangs`: also nothing, until it is cancelled.
    """
    found: list[Path] = [(row.target,) for row in RESPONSE if row.source == at and row.target != "cancelled"]
    if at == "in_progress":
        found.insert(0, CALLS)
        found += [("cancelled",)] if hangs else []
    return found


def script_along(path: Path) -> tuple[list[Any], tuple[Fault, ...]]:
    """Return the moves that lead an app along a path, and no fault.

    The app brings the outputs, and cancels at `cancelled`.
    """
    moves, calls = list[Any](), 0
    for before, status, after in zip(("queued", *path), path, (*path[1:], ""), strict=False):
        if status == "completed" and after:
            moves.append(AnyFunctionCall(calls))
            calls += 1
        elif status in TERMINAL:
            moves += _ending(status, before)
    return moves, ()


def _ending(status: str, before: str) -> list[Any]:
    if status == "incomplete":
        return [Reply("Not all of"), Incomplete("max_output_tokens")]
    if status == "failed":
        return [Fail(while_queued=before == "queued")]
    return [Hang()] if status == "cancelled" else [Reply("Done.")]
