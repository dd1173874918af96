"""Assemble turns.

From a run, or from the chain of responses that a tool loop makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._transcript.entries import EntryKind, SeenMessage, TranscriptEntry, Turn
from understudy._transcript.normal_forms import joined_instructions
from understudy._transcript.unknown import UNKNOWN, Unknown, same

Json = dict[str, Any]
Action = tuple[EntryKind, Any]
WAITING = "waits for outputs"
UNFINISHED = "unfinished"
ABANDONED = "abandoned by the client"


class TurnBuilder:
    """A turn under construction."""

    def __init__(self, number: int, visible: Sequence[SeenMessage] | Unknown, sent: Mapping[str, Any] | None = None) -> None:
        self.number = number
        self.sent = dict(sent or {})
        self.entries: list[TranscriptEntry] = []
        self.outcome: Any = UNFINISHED
        self.model = ""
        self.knows_calls = self.knows_hosted = self.knows_found = self.knows_replies = True
        self.context: tuple[SeenMessage, ...] | Unknown = UNKNOWN
        self._in_force: dict[str, Any] = {}
        if isinstance(visible, Unknown):
            self._add("user", UNKNOWN)
            return
        said = trailing_user(visible)
        self.context = tuple(visible[: len(visible) - len(said)])
        if said:
            self._add("user", _together(said).value)

    def give(self, instructions: Any, tools: Any, settings: Any) -> None:
        """Note what a request gave the model, if it differs from before in this turn."""
        given: tuple[tuple[EntryKind, Any, Any], ...] = (
            ("instructions", instructions, ""),
            ("tools", tools, {}),
            ("parameter", settings, {}),
        )
        for kind, value, nothing in given:
            if not same(self._in_force.get(kind, nothing), value) or (value is UNKNOWN and kind not in self._in_force):
                self._add(kind, value)
                self._in_force[kind] = value

    def act(self, actions: Iterable[Action]) -> None:
        """Note what was called, returned and replied."""
        for kind, value in actions:
            self._add(kind, value)

    def built(self) -> Turn:
        """Return the turn."""
        entries = (*self.entries, TranscriptEntry("outcome", self.number, self.outcome))
        return Turn(
            entries=entries,
            context=self.context,
            sent=self.sent,
            model=self.model,
            knows_calls=self.knows_calls,
            knows_hosted=self.knows_hosted,
            knows_found=self.knows_found,
            knows_replies=self.knows_replies,
        )

    def _add(self, kind: EntryKind, value: Any) -> None:
        self.entries.append(TranscriptEntry(kind, self.number, value))


def trailing_user(messages: Sequence[SeenMessage]) -> list[SeenMessage]:
    """Return the user's messages after the model's last one: what a run answers."""
    found: list[SeenMessage] = []
    for message in reversed(messages):
        if message.role != "user":
            break
        found.append(message)
    return found[::-1]


def _together(messages: Sequence[SeenMessage]) -> SeenMessage:
    texts = [message.text for message in messages if message.text != ""]
    text = UNKNOWN if any(text is UNKNOWN for text in texts) else " ".join(texts)
    images = tuple(image for message in messages for image in message.images)
    return SeenMessage(role="user", text=text, images=images, files=tuple(file for one in messages for file in one.files))


@dataclass(frozen=True, kw_only=True)
class ResponseRecord:
    """One response, as a simulation or a recording shows it.

    Attributes:
        before: the messages before its input; UNKNOWN where the recording began later.
        input: the messages it brought; UNKNOWN where the request was lost.
        instructions: those of the request itself.
        actions: what the model did.
        outcome: how it ended; `WAITING` when it called the app's functions.
        calls: the ids of the calls that wait for the app.
        hands_in: the outputs it brought for calls before it, by call id.
        knows_found: whether what the hosted tools found is shown.
    """

    id: str
    before: Sequence[SeenMessage] | Unknown
    input: Sequence[SeenMessage] | Unknown
    instructions: str | None
    tools: Any
    settings: Any
    actions: Sequence[Action]
    outcome: Any
    model: str = ""
    calls: Sequence[str] = ()
    hands_in: Mapping[str, Any] = field(default_factory=dict)
    knows_found: bool = True


def turns_of(records: Iterable[ResponseRecord], first_number: int = 1) -> list[Turn]:
    """Return the turns that responses make.

    A response that hands in outputs continues the turn that called.
    """
    builders: list[TurnBuilder] = []
    waiting: dict[frozenset[str], tuple[TurnBuilder, Sequence[str]]] = {}
    for record in records:
        builder, order = waiting.pop(frozenset(record.hands_in), (None, list(record.hands_in)))
        if builder is None:
            builder = TurnBuilder(first_number + len(builders), _visible(record))
            if isinstance(record.before, Unknown):
                builder.context = UNKNOWN
                builder.act(("call", UNKNOWN) for _ in record.hands_in)
            builders.append(builder)
        builder.act(("output", record.hands_in[call_id]) for call_id in order)
        builder.give(_effective(record), record.tools, record.settings)
        builder.act(record.actions)
        builder.outcome, builder.model = record.outcome, record.model
        builder.knows_found = builder.knows_found and record.knows_found
        if record.calls:
            waiting[frozenset(record.calls)] = builder, record.calls
    return [builder.built() for builder in builders]


def _visible(record: ResponseRecord) -> Sequence[SeenMessage] | Unknown:
    """Return the user's and the model's messages.

    Where the earlier ones are unknown, only those of this input, if the user says something in it.
    """
    if isinstance(record.input, Unknown):
        return UNKNOWN
    own = [message for message in record.input if message.role in ("user", "assistant")]
    if isinstance(record.before, Unknown):
        return own if trailing_user(own) else UNKNOWN
    return [*(message for message in record.before if message.role in ("user", "assistant")), *own]


def _effective(record: ResponseRecord) -> Any:
    if isinstance(record.input, Unknown) and record.instructions is None:
        return UNKNOWN
    before = () if isinstance(record.before, Unknown) else record.before
    own = () if isinstance(record.input, Unknown) else record.input
    written = [message.text for message in (*before, *own) if message.role in ("system", "developer")]
    return joined_instructions([record.instructions, *written])
