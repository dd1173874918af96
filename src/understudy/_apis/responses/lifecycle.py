"""The statuses of an execution by their names in this API, and transitions."""

from __future__ import annotations

from understudy._engine.lifecycle import Transition

WORDS = {"running": "in_progress", "paused": "completed", "cancelling": "cancelled"}

# Of a response. A foreground one is only ever seen in_progress (in its stream) and after that. [REC, but for the marks]
RESPONSE = (
    Transition("queued", "in_progress", "in_progress", "REC"),
    Transition("queued", "cancelled", "cancelled", "REC"),
    Transition("queued", "failed", "failed", "INF"),
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "incomplete", "incomplete", "REC"),
    Transition("in_progress", "failed", "failed", "SPEC"),
    Transition("in_progress", "cancelled", "cancelled", "DOCS"),
)


def response_status(status: str) -> str:
    """Return this API's name for the status of an execution."""
    return WORDS.get(status, status)
