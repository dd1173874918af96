"""The lifecycles of runs, steps and messages, with the API's names.

They are the tables of the engine.
"""

from __future__ import annotations

from understudy._engine.lifecycle import EXECUTION, STEP, TERMINAL, Transition
from understudy._engine.lifecycle import ITEM as MESSAGE

__all__ = ["MESSAGE", "RUN", "RUN_STATUSES", "STEP", "TERMINAL", "Transition", "run_status"]

RUN_STATUSES = {"running": "in_progress", "paused": "requires_action"}  # the others have the engine's names


def run_status(status: str) -> str:
    """Return the API's name for the status of an execution."""
    return RUN_STATUSES.get(status, status)


RUN = tuple(Transition(run_status(row.source), run_status(row.event), run_status(row.target), row.mark) for row in EXECUTION)
