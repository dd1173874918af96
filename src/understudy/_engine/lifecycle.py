"""Which status follows which: the one table, and the one function that applies it.

Everything that changes the status of a run, a step, a message, an upload, a vector store, a file in one, or a batch of such
files goes through `moved`. Marks: REC a real recording shows
it, RUN an independent suite run against the service did, DOCS, SPEC, REP users quoted it, INF inferred.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from understudy._engine.file_objects import BatchState, StoreFileState, StoreState, UploadState
from understudy._engine.objects import MessageState, RunState, StepState


class Transition(NamedTuple):
    """From a status, by an event, to a status; how it is known."""

    source: str
    event: str
    target: str
    mark: str


RUN = (
    Transition("queued", "in_progress", "in_progress", "REC"),
    Transition("queued", "cancelling", "cancelling", "REC"),
    Transition("queued", "expired", "expired", "INF"),
    Transition("queued", "failed", "failed", "INF"),
    Transition("in_progress", "requires_action", "requires_action", "REC"),
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "incomplete", "incomplete", "REC"),
    Transition("in_progress", "failed", "failed", "REP"),
    Transition("in_progress", "expired", "expired", "REC"),
    Transition("in_progress", "cancelling", "cancelling", "REC"),
    Transition("requires_action", "queued", "queued", "REC"),
    Transition("requires_action", "cancelling", "cancelling", "RUN"),
    Transition("requires_action", "expired", "expired", "REP"),
    Transition("cancelling", "cancelled", "cancelled", "REC"),
    Transition("cancelling", "completed", "completed", "DOCS"),
    Transition("cancelling", "failed", "failed", "INF"),
    Transition("cancelling", "incomplete", "incomplete", "INF"),
    Transition("cancelling", "expired", "expired", "INF"),
)
STEP = (
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "cancelled", "cancelled", "SPEC"),
    Transition("in_progress", "failed", "failed", "SPEC"),
    Transition("in_progress", "expired", "expired", "SPEC"),
)
MESSAGE = (
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "incomplete", "incomplete", "REC"),
)
UPLOAD = (
    Transition("pending", "completed", "completed", "REC"),
    Transition("pending", "cancelled", "cancelled", "REC"),
    Transition("pending", "expired", "expired", "SPEC"),
)
VECTOR_STORE = (
    Transition("completed", "in_progress", "in_progress", "REC"),  # files were added
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "expired", "expired", "INF"),
    Transition("completed", "expired", "expired", "SPEC"),
)
STORE_FILE = (
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "failed", "failed", "SPEC"),
    Transition("in_progress", "cancelled", "cancelled", "SPEC"),
)
FILE_BATCH = (
    Transition("in_progress", "completed", "completed", "REC"),
    Transition("in_progress", "failed", "failed", "SPEC"),
    Transition("in_progress", "cancelled", "cancelled", "SPEC"),
)

TERMINAL = frozenset({"cancelled", "failed", "completed", "incomplete", "expired"})

State = TypeVar("State", RunState, StepState, MessageState, UploadState, StoreState, StoreFileState, BatchState)
_TABLES: dict[type, tuple[Transition, ...]] = {
    RunState: RUN,
    StepState: STEP,
    MessageState: MESSAGE,
    UploadState: UPLOAD,
    StoreState: VECTOR_STORE,
    StoreFileState: STORE_FILE,
    BatchState: FILE_BATCH,
}
_TARGETS = {kind: {(t.source, t.event): t.target for t in table} for kind, table in _TABLES.items()}

# The time an event leaves its mark in. A second in_progress (after tool outputs) sets started_at anew. [REC]
# `incomplete` has completed_at on a run [REC, Apr 2024] and incomplete_at on a message [REC].
_STAMPS: dict[type, dict[str, str]] = {
    RunState: {
        "in_progress": "started_at",
        "cancelled": "cancelled_at",
        "failed": "failed_at",
        "completed": "completed_at",
        "incomplete": "completed_at",
    },
    StepState: {"completed": "completed_at", "cancelled": "cancelled_at", "failed": "failed_at"},
    MessageState: {"completed": "completed_at", "incomplete": "incomplete_at"},
}


class IllegalTransition(Exception):
    """An event that cannot happen in this status."""

    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"{event!r} cannot happen in status {status!r}")


def moved(state: State, event: str, at: float, **facts: Any) -> State:
    """The state after an event at a time, `facts` being what the event brought; the old state stays as it is.

    Raises:
        IllegalTransition: the table has no such transition.
    """
    kind = type(state)
    target = _TARGETS[kind].get((state.status, event))
    if target is None:
        raise IllegalTransition(state.status, event)
    stamp = _STAMPS.get(kind, {}).get(event)
    if stamp is not None:
        facts[stamp] = at
    if kind is RunState:
        facts.setdefault("calls", ())
        if target in TERMINAL:
            facts["expires_at"] = None  # null in every terminal state [REC]
    return replace(state, status=target, **facts)
