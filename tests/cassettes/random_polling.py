"""Replay a recording to an app that sends its writes in order, and polls at random between them, as an app may.

Between two writes the app draws among the reads of that stretch, in any order and number (each may come twice or never), and
among all other reads of the recording. It asks only for what it can name: an id that an answer brings up is known once
an answer has shown it.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis.common import sse
from understudy._cassettes import Interaction

Send = Callable[[Interaction], tuple[int, bytes]]
Value = dict[str, Any]

_NAME = re.compile(r"[A-Za-z]+[_-][A-Za-z0-9_-]{2,}")
OVER = frozenset({"completed", "incomplete", "failed", "cancelled", "expired"})
MOVING = frozenset(
    ["thread.run", "upload", "vector_store", "vector_store.file", "vector_store.file_batch", "vector_store.files_batch"]
)
LATER = "later state than the app has seen"
UNFINISHED = "no later state of that step was recorded"
ELSEWHERE = ("not in this epoch", "recorded in this epoch")


@dataclass
class Outcome:
    """What one replay came to: `problems` are steps back and misses of an undocumented kind."""

    asked: int = 0
    problems: list[str] = field(default_factory=list)


def objects(value: Any) -> Iterator[Value]:
    """The objects with an id and a kind in an answer, down to the members of a list."""
    if isinstance(value, dict):
        if value.get("object") == "list":
            for member in value.get("data") or ():
                yield from objects(member)
        elif isinstance(value.get("id"), str) and isinstance(value.get("object"), str):
            yield value


def shown(status: int, body: bytes) -> Iterator[Value]:
    """The objects that an answer shows, those in its events included."""
    if status >= 400:
        return
    if body.startswith((b"event: ", b"data: ")):
        for _, data in sse.parse(body):
            yield from objects(data)
        return
    try:
        yield from objects(json.loads(body))
    except ValueError:
        return


def progress(value: Value) -> str:
    """What of an object may not go back: its status, and for a message what it says so far."""
    return json.dumps([value.get("status"), value.get("content") if value["object"] == "thread.message" else None])


def identity(value: Value) -> str:
    """What makes it this object: a file and the same file in a store have one id."""
    return " ".join(str(value[key]) for key in ("object", "vector_store_id", "id") if key in value)


class Laws:
    """No object goes back to what the recording showed only before; a step of a run that is over is over."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self.order: defaultdict[str, list[str]] = defaultdict(list)
        for interaction in interactions:
            for value in shown(interaction.status, interaction.body or b""):
                states = self.order[identity(value)]
                if not states or states[-1] != progress(value):
                    states.append(progress(value))
        self.at: dict[str, int] = {}
        self.over: set[str] = set()
        self.status: dict[str, str] = {}
        self.begun: set[str] = set()

    def saw(self, value: Value) -> str | None:
        """What is wrong with seeing an object in this state now."""
        name, which = value["id"], identity(value)
        states, now, before = self.order[which], progress(value), self.at.get(which, 0)
        if now in states[before:]:
            self.at[which] = states.index(now, before)
        elif now in states:
            return f"{which} goes back from {states[before]} to {now}"
        if value["object"] == "thread.run":
            self.status[name] = value.get("status", "")
            if value.get("status") in OVER:
                self.over.add(name)
            if value.get("status") != "queued":
                self.begun.add(name)
        if (
            value["object"] == "thread.run.step"
            and value.get("status") == "in_progress"
            and value.get("run_id") in self.over
        ):
            return f"{name} is in progress in a run that is over"
        return None

    def is_unfinished(self, value: Value) -> bool:
        """Whether this is a step in progress of a run that is over."""
        is_live = value["object"] == "thread.run.step" and value.get("status") == "in_progress"
        return is_live and value.get("run_id") in self.over

    def is_later(self, value: Value) -> bool:
        """Whether an object is shown in a later state than the app has seen it in, or tells that its run has begun."""
        states, now = self.order[identity(value)], progress(value)
        run = value.get("run_id")
        if run and self.status.get(run) == "queued":
            return run not in self.begun or value["object"] == "thread.message" or "message_creation" in json.dumps(value)
        before = self.at.get(identity(value))
        return value["object"] in MOVING and before is not None and now not in states[: before + 1]


class RandomApp:
    """An app that sends a recording's writes in order and reads at random between them.

    Args:
        interactions: the recording.
        send: sends the request of an interaction; status and body of the answer.
        seed: of the draw.
    """

    def __init__(self, interactions: Sequence[Interaction], send: Send, seed: int) -> None:
        self.interactions = interactions
        self.send = send
        self.draw = random.Random(seed)
        self.laws = Laws(interactions)
        self.outcome = Outcome()
        self.reads = list({one.url: one for one in interactions if one.is_read}.values())
        self.drawn_by_server = _drawn(interactions)
        self.known: set[str] = set()

    def run(self) -> Outcome:
        """Send everything."""
        for stretch, write in _stretches(self.interactions):
            self._poll(stretch)
            if write is not None:
                self._catch_up(stretch, write)
                self._ask(write, stretch)
        return self.outcome

    def _poll(self, stretch: list[Interaction]) -> None:
        own = [read for read in stretch for _ in range(self.draw.choice((0, 1, 2, 3)))]
        if self.draw.random() < 0.7:
            self.draw.shuffle(own)
        others = self.draw.choices(self.reads, k=self.draw.randint(0, 5)) if self.reads else []
        for other in others:
            own.insert(self.draw.randint(0, len(own)), other)
        for read in own:
            if self._can_name(read):
                self._ask(read, stretch)

    def _catch_up(self, stretch: list[Interaction], write: Interaction) -> None:
        """Read what the app has to know before it can send this: as the recorded app did, as far as need be."""
        for read in stretch:
            if self._can_name(write):
                return
            if self._can_name(read):
                self._ask(read, stretch)

    def _can_name(self, interaction: Interaction) -> bool:
        return _names(interaction) & self.drawn_by_server <= self.known

    def _ask(self, interaction: Interaction, stretch: list[Interaction]) -> None:
        self.outcome.asked += 1
        status, body = self.send(interaction)
        self.known |= set(_NAME.findall(body.decode("utf-8", "replace")))
        if status == 501:
            self._missed(interaction, json.loads(body)["error"], stretch)
            return
        for value in shown(status, body):
            problem = self.laws.saw(value)
            if problem:
                self.outcome.problems.append(f"{interaction}: {problem}")

    def _is_documented(self, read: Interaction, why: str, stretch: list[Interaction]) -> bool:
        """Whether every answer to a read that was recorded since the last write may be refused for this reason."""
        answers = [one for one in stretch if one.url == read.url and one.status < 400]
        seen = [list(shown(one.status, one.body or b"")) for one in answers]
        if LATER in why:
            return all(any(map(self.laws.is_later, values)) for values in seen)
        if UNFINISHED in why:
            return bool(seen) and any(map(self.laws.is_unfinished, seen[-1]))
        return not answers and any(text in why for text in ELSEWHERE)

    def _missed(self, interaction: Interaction, error: Value, stretch: list[Interaction]) -> None:
        why = next(line for line in error["message"].splitlines() if line.startswith("Why: "))
        if interaction.is_read and self._is_documented(interaction, why, stretch):
            return
        self.outcome.problems.append(f"{interaction}: {why}")


def _drawn(interactions: Sequence[Interaction]) -> set[str]:
    """The ids that an answer brings up before any request names them."""
    asked: set[str] = set()
    drawn: set[str] = set()
    for interaction in interactions:
        asked |= _names(interaction)
        drawn |= set(_NAME.findall((interaction.body or b"").decode("utf-8", "replace"))) - asked
    return drawn


def _names(interaction: Interaction) -> set[str]:
    body = (interaction.request_body or b"").decode("utf-8", "replace")
    return set(_NAME.findall(f"{interaction.url}\n{body}"))


def _stretches(interactions: Sequence[Interaction]) -> Iterator[tuple[list[Interaction], Interaction | None]]:
    """The reads up to each write, and that write; at last the reads after all of them."""
    reads: list[Interaction] = []
    for interaction in interactions:
        if interaction.is_read:
            reads.append(interaction)
        else:
            yield reads, interaction
            reads = []
    yield reads, None
