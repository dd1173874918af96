"""A loaded recording, indexed for replay: what can be asked, what each exchange shows, where epochs are cut.

Built once per cassette and never changed; where a replay stands in it is `replay.ReplayCursor`'s business.

A *moment* is a place in the recording: the index of an interaction, and for a streamed one the number of the event in it.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis.assistants import views
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.matching import Key, Matching
from understudy._cassettes.resources import Topic, cuts, object_path, pollable, scope

Moment = tuple[int, int]
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """One of the states that an object which changes by itself was seen in.

    Attributes:
        moment: when it was first seen.
        value: the object as REST shows it; None for an error that was answered instead.
        interaction: the exchange that showed it.
    """

    moment: Moment
    value: JsonObject | None
    interaction: Interaction


@dataclass(slots=True)
class Writes:
    """The writes with one key, by what their body means."""

    by_body: dict[str | bytes, list[Interaction]] = field(default_factory=dict)
    lost: list[Interaction] = field(default_factory=list)  # their bodies are unknown: they match any


class Recording:
    """An index over interactions.

    Attributes:
        reads: key to the recorded answers of that read, in order.
        writes: key to the recorded writes.
        states: path of an object to its distinct states, in order.
        marks: scope to every moment at which an object in it was first seen in a state: (moment, path, number of the state).
        cut_at: topic to the indices of the writes that cut it.
        scoped: scope to its writes, in order.
    """

    def __init__(self, interactions: Sequence[Interaction], matching: Matching) -> None:
        self.interactions = tuple(interactions)
        self.matching = matching
        self.reads: defaultdict[Key, list[Interaction]] = defaultdict(list)
        self.writes: defaultdict[Key, Writes] = defaultdict(Writes)
        self.states: defaultdict[str, list[State]] = defaultdict(list)
        self.marks: defaultdict[Topic, list[tuple[Moment, str, int]]] = defaultdict(list)
        self.cut_at: defaultdict[Topic, list[int]] = defaultdict(list)
        self.cuts: dict[int, tuple[Topic, ...]] = {}
        self.scoped: defaultdict[Topic, list[Interaction]] = defaultdict(list)
        self.scope_of: dict[int, Topic] = {}
        self.shows: dict[int, list[tuple[str, int]]] = {}
        self._repeated: defaultdict[Topic, dict[str, Interaction]] = defaultdict(dict)
        for interaction in self.interactions:
            self._add(interaction)

    def began(self, interaction: Interaction) -> Iterator[str]:
        """The paths of the runs that must have begun before this answer: those whose messages or steps it shows."""
        value = interaction.json
        if not isinstance(value, dict):
            return
        for member in value.get("data") or () if value.get("object") == "list" else (value,):
            if isinstance(member, dict) and member.get("run_id"):
                yield f"/threads/{member.get('thread_id')}/runs/{member['run_id']}"

    def _add(self, interaction: Interaction) -> None:
        asked = self.matching.recorded(interaction)
        if interaction.is_read:
            self.reads[asked.key].append(interaction)
        elif asked.body is None:
            self.writes[asked.key].lost.append(interaction)
        else:
            self.writes[asked.key].by_body.setdefault(asked.body, []).append(interaction)
        if not interaction.is_read and interaction.status < 400:
            self._add_write(interaction)
        if interaction.is_read and not pollable(interaction.path):
            self._split_repeats(interaction)
        self._add_states(interaction)

    def _split_repeats(self, read: Interaction) -> None:
        """A read was recorded after a poll that only repeated what a write had shown: that poll is a place of its own.

        Without such a read, the poll says nothing that the write did not say.
        """
        where = scope(read.path)
        for path, poll in self._repeated.pop(where, {}).items() if where else ():
            states = self.states[path]
            self.shows[poll.index] = [(path, len(states))]
            insort(self.marks[where], ((poll.index, 0), path, len(states)))
            states.append(State((poll.index, 0), states[-1].value, poll))

    def _add_write(self, write: Interaction) -> None:
        self.cuts[write.index] = cuts(write)
        for topic in self.cuts[write.index]:
            self.cut_at[topic].append(write.index)
        where = scope(write.path)
        if where:
            self.scoped[where].append(write)
            self.scope_of[write.index] = where

    def _add_states(self, interaction: Interaction) -> None:
        shown = []
        if interaction.is_read and pollable(interaction.path) and object_path(interaction.json) != interaction.path:
            shown.append((interaction.path, self._add_state(interaction.path, (interaction.index, 0), None, interaction)))
        for number, value in _objects(interaction):
            path = object_path(value)
            if path is not None:
                moment = (interaction.index, number)
                shown.append((path, self._add_state(path, moment, value, interaction)))
        if shown:
            self.shows[interaction.index] = shown

    def _add_state(self, path: str, moment: Moment, value: JsonObject | None, source: Interaction) -> int:
        """Add a state if it is not the one before it; its number."""
        states = self.states[path]
        if states and value is not None and states[-1].value == value:
            if source.path == path and source.is_read and not states[-1].interaction.is_read:
                self._repeated[scope(path)].setdefault(path, source)
            return len(states) - 1
        if states and value is None and states[-1].value is None and states[-1].interaction.body == source.body:
            return len(states) - 1
        self._repeated[scope(path)].pop(path, None)
        number = len(states)
        states.append(State(moment, value, source))
        self.marks[scope(path)].append((moment, path, number))
        return number


def _objects(interaction: Interaction) -> Iterator[tuple[int, JsonObject]]:
    """The objects that an answer shows whole, in their REST view, each with its number in the stream (0 outside one)."""
    if interaction.status >= 400:
        return
    if interaction.is_stream:
        for number, (_, data) in enumerate(interaction.events, 1):
            if isinstance(data, dict) and data.get("object") == "thread.run":
                yield number, views.to_rest(dict(data))
    elif isinstance(interaction.json, dict):
        value = interaction.json
        if value.get("object") == "list":
            # A vector store's file is shown with fewer keys in a batch's list: not a state that a poll could show.
            members = value.get("data") or []
            yield from ((0, member) for member in members if _whole(member))
        else:
            yield 0, value


def _whole(member: Any) -> bool:
    return isinstance(member, dict) and member.get("object") in ("thread.run", "vector_store")
