"""A loaded recording, indexed for replay.

Built once per cassette and never changed; how far a replay has come in it is kept by
`replay_cursor.ReplayCursor`, whose module also says what the terms mean.

Each lookup that a request needs is prepared here, so that its cost does not grow with the
cassette:

* `reads` and `writes`: which interactions a request may be answered from, by the key that makes
  two requests equal;
* `states` and `shows`: which states each object went through, and which of them each answer
  shows;
* `cuts`, `cut_at`: which writes end an epoch, of what;
* `marks`: in which order the states of one thread (or vector store) were first seen.

A *moment* is a place in the recording: the index of an interaction, and for a streamed one the
number of the event in it.
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
from understudy._cassettes.resources import (
    Topic,
    cuts,
    history_path,
    object_path,
    pollable,
    responses_in,
    scope,
    scope_of_write,
    segments,
)

Moment = tuple[int, int]
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """One of the states that an object was seen in.

    Of objects that change by themselves, of run steps and of messages.

    Attributes:
        moment: when it was first seen.
        value: the object as REST shows it; None for an error that was answered instead.
        interaction: the exchange that showed it.
    """

    moment: Moment
    value: JsonObject | None
    interaction: Interaction

    def equals(self, other: State) -> bool:
        """Return True if the app cannot distinguish this state from the other.

        They have the same value, wherever it was recorded.
        """
        return self.value is not None and self.value == other.value


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
        writers: an item's id to the path of the response that wrote it.
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
        self.writers: dict[str, str] = {}
        self.shows: dict[int, list[tuple[str, int]]] = {}
        self._repeated: defaultdict[Topic, dict[str, Interaction]] = defaultdict(dict)
        for interaction in self.interactions:
            self._add(interaction)

    def members_of_runs(self, interaction: Interaction) -> Iterator[JsonObject]:
        """Yield the messages and steps in an answer that a run has made."""
        value = interaction.json
        if not isinstance(value, dict):
            return
        for member in value.get("data") or () if value.get("object") == "list" else (value,):
            if isinstance(member, dict) and member.get("run_id"):
                yield member

    def writers_of(self, interaction: Interaction) -> set[str]:
        """Return the paths of the responses that wrote the items in an answer.

        The answer is about a conversation; for any other, the result is empty.
        """
        value = interaction.json
        if segments(interaction.path)[0] != "conversations" or not isinstance(value, dict):
            return set()
        items = value.get("data") or () if value.get("object") == "list" else (value,)
        named = (item.get("id") for item in items if isinstance(item, dict))
        return {self.writers[name] for name in named if isinstance(name, str) and name in self.writers}

    def first_seen(self, member: JsonObject) -> Moment:
        """Return the moment at which a message or a step was first recorded."""
        states = self.states.get(history_path(member) or "")
        return states[0].moment if states else (0, 0)

    def number_of(self, path: str, value: JsonObject) -> int | None:
        """Return the number of an object's latest state with this value; None if none."""
        states = self.states.get(path, ())
        return max((number for number, state in enumerate(states) if state.value == value), default=None)

    def has_begun(self, path: str, number: int) -> bool:
        """Return True if a run had left the queue at any time up to one of its states.

        `number`: of that state.
        """
        states = self.states[path][: number + 1]
        if any(state.value is not None and state.value.get("status") != "queued" for state in states):
            return True
        return any(segments(state.interaction.path)[-1] == "submit_tool_outputs" for state in states)

    def calls_asked_after(self, path: str, number: int) -> set[str]:
        """Return the ids of the calls whose outputs a run waits for only after a state.

        `number`: of that state.
        """
        states = self.states[path]
        before = {call for state in states[: number + 1] for call in _awaited(state)}
        return {call for state in states[number + 1 :] for call in _awaited(state)} - before

    def view(self, interaction: Interaction) -> tuple[str, ...]:
        """Return the fields that an answer has besides the usual ones.

        They are the values of `include` in its query.
        """
        return tuple(sorted(value for key, value in interaction.query if key in ("include", "include[]")))

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
        """Give a poll that only repeated a write's answer a place of its own, if needed.

        It is needed if a read was recorded after that poll. Without such a read, the poll shows
        nothing that the write did not.
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
        where = scope_of_write(write)
        if where:
            self.scoped[where].append(write)
            self.scope_of[write.index] = where

    def _add_states(self, interaction: Interaction) -> None:
        shown = []
        if 300 <= interaction.status < 400:
            return  # a redirect says where an object is, and nothing about its state
        is_poll = interaction.is_read and pollable(interaction.path) and not interaction.is_stream
        if is_poll and object_path(interaction.json) != interaction.path:
            shown.append((interaction.path, self._add_state(interaction.path, (interaction.index, 0), None, interaction)))
        for event, value in _objects(interaction):
            path = history_path(value)
            if path is None:
                continue
            if _is_abridged(value, interaction):
                number = self._state_of_status(path, value)
                shown += [(path, number)] if number is not None else []
            else:
                shown.append((path, self._add_state(path, (interaction.index, event), value, interaction)))
        if shown:
            self.shows[interaction.index] = shown

    def _add_state(self, path: str, moment: Moment, value: JsonObject | None, source: Interaction) -> int:
        """Add a state if it is not the one before it, and return its number."""
        states = self.states[path]
        if states and value is not None and states[-1].value == value:
            if pollable(path) and source.path == path and source.is_read and not states[-1].interaction.is_read:
                self._repeated[scope(path)].setdefault(path, source)
            return len(states) - 1
        if states and value is None and states[-1].value is None and states[-1].interaction.body == source.body:
            return len(states) - 1
        number = len(states)
        states.append(State(moment, value, source))
        if pollable(path):  # steps and messages move with their run, which has a mark of its own
            self._repeated[scope(path)].pop(path, None)
            self.marks[scope(path)].append((moment, path, number))
            self._note_response(path, moment, value, number)
        return number

    def _note_response(self, path: str, moment: Moment, value: JsonObject | None, number: int) -> None:
        """Note that a response in a conversation changes that, too.

        What the response has written is in the conversation's items from its end on.
        """
        if value is None or value.get("object") != "response":
            return
        conversation = value.get("conversation")
        if isinstance(conversation, dict) and isinstance(conversation.get("id"), str):
            self.marks["conversations", conversation["id"]].append((moment, path, number))
        for item in value.get("output") or ():
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                self.writers[item["id"]] = path

    def _state_of_status(self, path: str, value: JsonObject) -> int | None:
        """Return the latest state so far with the status that an abridged value shows."""
        for number, state in reversed(list(enumerate(self.states.get(path, ())))):
            if state.value is not None and state.value.get("status") == value.get("status"):
                return number
        return None


def _objects(interaction: Interaction) -> Iterator[tuple[int, JsonObject]]:
    """Yield the objects that an answer shows, in their REST view.

    Each with its number in the stream (0 outside one).
    """
    if interaction.status >= 400:
        return
    if interaction.is_stream:
        for number, (_, data) in enumerate(interaction.events, 1):
            if isinstance(data, dict) and data.get("object") in _STREAMED:
                yield number, views.to_rest(dict(data))
        yield from responses_in(interaction)
    elif isinstance(interaction.json, dict):
        value = interaction.json
        members = (value.get("data") or ()) if value.get("object") == "list" else (value,)
        yield from ((0, member) for member in members if isinstance(member, dict))


_STREAMED = ("thread.run", "thread.run.step", "thread.message")


def _is_abridged(value: JsonObject, interaction: Interaction) -> bool:
    """Return True for an object with fewer keys than a poll shows.

    That is a vector store's file in a list [REC].
    """
    return (
        str(value.get("object")).startswith("vector_store.file")
        and object_path(value) != interaction.path
        and (interaction.is_read)
    )


def _awaited(state: State) -> Iterator[str]:
    """Yield the ids of the calls whose outputs a run waits for."""
    action = (state.value or {}).get("required_action")
    waited = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    for call in (waited.get("tool_calls") if isinstance(waited, dict) else None) or ():
        if isinstance(call, dict):
            yield str(call.get("id"))
