"""Events: what happens to an execution, in the engine's own words.

Every event is a frozen value with the time it happened at, in unix seconds. Each changes one thing: the
execution itself (`PhaseEvent`), a step, or an item. `fold` defines what each does to the state; a face names
each in its streams.

An execution goes through `Queued, Started`, then steps, then `Ended`, or `Paused` until the app hands in outputs
(`ItemAnswered` for each, `StepClosed`, `Resumed`), after which it is `Started` again. A step is what the
model does in one turn, a message or one or more parallel calls:

    StepOpened  ItemOpened ItemDelta* ItemClosed  [ItemOpened ItemDelta* ItemClosed ...]  StepClosed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from understudy._engine.items import ItemState


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, estimated as a quarter of the characters [INF].

    No test should rely on the numbers.
    """

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


def tokens(text: str) -> int:
    """Estimate the number of tokens in a text [INF]."""
    return len(text) // 4 + 1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `at`: unix seconds."""

    at: float


class PhaseEvent(Event):
    """An event that moves the execution itself to another phase."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Queued(PhaseEvent):
    """It was created. `deadline`: when it expires; None for never."""

    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Started(PhaseEvent):
    """The model is working."""


@dataclass(frozen=True, slots=True)
class Paused(PhaseEvent):
    """It waits for the app's outputs of these calls, given by item id."""

    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resumed(PhaseEvent):
    """All outputs were handed in; it is queued again."""


@dataclass(frozen=True, slots=True)
class Cancelling(PhaseEvent):
    """The app asked to cancel it."""


@dataclass(frozen=True, slots=True)
class Ended(PhaseEvent):
    """It is over.

    Attributes:
        outcome: `completed`, `failed`, `incomplete`, `cancelled` or `expired`.
        error: (code, message) of a failure.
        reason: why it is incomplete.
        usage: the tokens of all its steps.
    """

    outcome: str
    error: tuple[str, str] | None = None
    reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class StepOpened(Event):
    """A step began. `message_id`: the message it will write; None for calls."""

    step_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class StepClosed(Event):
    """A step ended.

    `outcome`: `completed`, or that of its execution. `error`: (code, message).
    """

    step_id: str
    outcome: str
    usage: Usage
    error: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ItemOpened(Event):
    """An item began. `state`: its first state."""

    state: ItemState


@dataclass(frozen=True, slots=True)
class ItemDelta(Event):
    """One more piece of an item was sent."""

    item_id: str
    piece: Any


@dataclass(frozen=True, slots=True)
class ItemClosed(Event):
    """An item is complete or, with a reason, was cut where it is."""

    item_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ItemAnswered(Event):
    """The app handed in the output of a call."""

    item_id: str
    output: str | None
