"""The lifecycle tables, and the one function that applies their transitions.

Every change of status, of an execution, a step, an item, an upload, a vector store, a file in one, or a batch of
such files, goes through `moved`. Marks of evidence: REC, a real recording shows it; RUN, an independent test suite
ran against the service; DOCS; SPEC; REP, users reported it; INF, inferred. The marks of `EXECUTION` are those
of runs of the Assistants API, which has other names for some statuses: see
`understudy._apis.assistants.lifecycle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar


class Transition(NamedTuple):
    """A transition from a status, by an event, to a status; `mark` is the evidence."""

    source: str
    event: str
    target: str
    mark: str


EXECUTION = (
    Transition("queued", "running", "running", "REC"),
    Transition("queued", "cancelling", "cancelling", "REC"),
    Transition("queued", "expired", "expired", "INF"),
    Transition("queued", "failed", "failed", "INF"),
    Transition("running", "paused", "paused", "REC"),
    Transition("running", "completed", "completed", "REC"),
    Transition("running", "incomplete", "incomplete", "REC"),
    Transition("running", "failed", "failed", "REP"),
    Transition("running", "expired", "expired", "REC"),
    Transition("running", "cancelling", "cancelling", "REC"),
    Transition("paused", "queued", "queued", "REC"),
    Transition("paused", "cancelling", "cancelling", "RUN"),
    Transition("paused", "expired", "expired", "REP"),
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
ITEM = (
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


class Lifecycle:
    """A table of transitions, and the other fields that they change.

    Args:
        rows: the table.
        stamps: by event, the field that records its time. A second `running` (after outputs) sets started_at anew. [REC]
        passing: fields that every transition sets, unless its event brings a value.
        at_the_end: fields that a transition to a terminal status sets.
    """

    __slots__ = ("at_the_end", "passing", "stamps", "targets")

    def __init__(
        self,
        rows: tuple[Transition, ...],
        *,
        stamps: dict[str, str] | None = None,
        passing: dict[str, Any] | None = None,
        at_the_end: dict[str, Any] | None = None,
    ) -> None:
        self.targets = {(row.source, row.event): row.target for row in rows}
        self.stamps = stamps or {}
        self.passing = passing or {}
        self.at_the_end = at_the_end or {}


def _ends(rows: tuple[Transition, ...]) -> dict[str, str]:
    return {row.event: "ended_at" for row in rows if row.target in TERMINAL}


LIFECYCLES = {
    "execution": Lifecycle(
        EXECUTION,
        stamps={"running": "started_at", **_ends(EXECUTION)},
        passing={"waits_for": ()},
        at_the_end={"deadline": None},  # null in every terminal state [REC]
    ),
    "step": Lifecycle(STEP, stamps=_ends(STEP)),
    "item": Lifecycle(ITEM, stamps=_ends(ITEM)),
    "upload": Lifecycle(UPLOAD),
    "vector_store": Lifecycle(VECTOR_STORE),
    "store_file": Lifecycle(STORE_FILE),
    "file_batch": Lifecycle(FILE_BATCH),
}


class Stated(Protocol):
    """A frozen state with a status; `lifecycle` defines how it may change."""

    lifecycle: ClassVar[Lifecycle]

    @property
    def status(self) -> str: ...


State = TypeVar("State", bound=Stated)


class IllegalTransition(Exception):
    """An event that cannot happen in this status."""

    def __init__(self, status: str, event: str) -> None:
        super().__init__(f"{event!r} cannot happen in status {status!r}")


def moved(state: State, event: str, at: float, **facts: Any) -> State:
    """Return the state after an event; the old state is left as it is.

    Args:
        state: the state before.
        event: the name of the event, as in the table.
        at: its time, in unix seconds.
        facts: fields that the event sets.

    Raises:
        IllegalTransition: the table has no such transition.
    """
    lifecycle = state.lifecycle
    target = lifecycle.targets.get((state.status, event))
    if target is None:
        raise IllegalTransition(state.status, event)
    facts = {**lifecycle.passing, **facts}
    stamp = lifecycle.stamps.get(event)
    if stamp is not None:
        facts[stamp] = at
    if target in TERMINAL:
        facts.update(lifecycle.at_the_end)
    return _changed(state, status=target, **facts)


def _changed(state: State, **changes: Any) -> State:
    """Return a copy of a frozen state with some fields changed.

    What `dataclasses.replace` does, in half the time.
    """
    kind = type(state)
    copy = object.__new__(kind)
    for name, read, write in _slots(kind):
        write(copy, changes[name] if name in changes else read(state))
    return copy


@cache
def _slots(kind: Any) -> tuple[tuple[str, Callable[[Any], Any], Callable[[Any, Any], None]], ...]:
    """Return the fields of a class with slots.

    For each its name, how to read it, and how to set it in a new object.
    """
    slots = [(field.name, getattr(kind, field.name)) for field in fields(kind)]
    return tuple((name, slot.__get__, slot.__set__) for name, slot in slots)
