"""Events: what happens to an execution, in the engine's own words.

Every event is a frozen value with the time it happened at, in unix seconds. Each changes one thing: the
execution itself (`PhaseEvent`), a step, or an item. `fold` says what each does to the state; a face says what
each is called in its streams.

An execution goes `Queued, Started`, then steps, then `Ended`, or `Paused` until the app hands in outputs
(`ItemAnswered` for each, `StepClosed`, `Resumed`), after which it is `Started` again. A step is what the
model does in one turn: a message, or one or more parallel calls:

    StepOpened  ItemOpened ItemDelta* ItemClosed  [ItemOpened ItemDelta* ItemClosed ...]  StepClosed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from understudy._engine.items import ItemState


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, counted as a quarter of the characters: a guess [INF], which no test should rest on."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


def tokens(text: str) -> int:
    """Guess how many tokens a text has [INF]."""
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
    """It exists. `deadline`: when it expires, None if it never does."""

    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Started(PhaseEvent):
    """The model is at work."""


@dataclass(frozen=True, slots=True)
class Paused(PhaseEvent):
    """It waits for the app's outputs of these calls (ids of items)."""

    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resumed(PhaseEvent):
    """The outputs are all there; it is queued again."""


@dataclass(frozen=True, slots=True)
class Cancelling(PhaseEvent):
    """The app asked for its end."""


@dataclass(frozen=True, slots=True)
class Ended(PhaseEvent):
    """It is over.

    Attributes:
        outcome: `completed`, `failed`, `incomplete`, `cancelled` or `expired`.
        error: (code, message) of a failure.
        reason: why it is incomplete.
        usage: what all its steps used.
    """

    outcome: str
    error: tuple[str, str] | None = None
    reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class StepOpened(Event):
    """A step began. `message_id`: the message it is going to write; None for calls."""

    step_id: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class StepClosed(Event):
    """A step ended: `completed`, or as its execution did. `error`: (code, message)."""

    step_id: str
    outcome: str
    usage: Usage
    error: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ItemOpened(Event):
    """An item began. `state`: what is known of it at first."""

    state: ItemState


@dataclass(frozen=True, slots=True)
class ItemDelta(Event):
    """One more piece of an item was sent."""

    item_id: str
    piece: Any


@dataclass(frozen=True, slots=True)
class ItemClosed(Event):
    """An item is complete, or (with a reason) cut where it is."""

    item_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ItemAnswered(Event):
    """The app handed in the output of a call."""

    item_id: str
    output: str | None
