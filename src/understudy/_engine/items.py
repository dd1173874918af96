"""Items: the entries of a conversation's one ordered log.

An `Item` is the entry itself: its id, when it began, and which execution wrote it (None for what the app put
there). What may change about it is a frozen *state*, which is replaced, never altered, so that an event can be
read against the state before it and the state after it. There are `MessageState` and `ReasoningState` here, and
one `CallState` for each kind of call in `call_kinds/`. A state has three parts:

* `opening()`, the state when it is first sent, and `pieces()`, what is sent after that;
* `plus(piece)`, the state with one more piece;
* `kind`, the word that faces, timelines and coverage look it up by.

So a stream sends the pieces, a poll reads the state, and `opening()` plus all `pieces()` is the complete
state.

Times are unix seconds; None means not yet, or never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from understudy._engine.item_log import ItemLog
from understudy._engine.lifecycle import LIFECYCLES, Lifecycle
from understudy._engine.prefix import Prefix

# -- what a message is made of ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A marker in a text that refers to a file.

    `start` and `end` count code points. [INF: they may be UTF-16 units]
    """

    kind: str  # file_citation | file_path
    text: str
    start: int
    end: int
    file_id: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text part."""

    value: str
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image part, by the id of a file."""

    file_id: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """An image part, by its URL."""

    url: str
    detail: str = "auto"


Part = Text | ImageFile | ImageUrl


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """A piece of a message.

    Attributes:
        index: the number of the part it belongs to.
        piece: what it adds.
        is_first: whether it is that part's first piece.
        annotations_before: the number of annotations that part already has.
    """

    index: int
    piece: Text | ImageFile
    is_first: bool
    annotations_before: int = 0


# -- states -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """What may change about an item.

    Attributes:
        id: the item's id.
        step_id: the step it belongs to; the calls of one step are parallel. None for an item outside any step: what
            the app put there, or reasoning.
        status: `in_progress`, `completed` or `incomplete`.
        ended_at: when it was completed or cut short.
        reason: why it is incomplete.
    """

    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["item"]
    kind: ClassVar[str]
    id: str
    step_id: str | None = None
    status: str = "in_progress"
    ended_at: float | None = None
    reason: str | None = None

    def opening(self) -> Self:
        """Return the state when it is first sent."""
        return self

    def pieces(self) -> Sequence[Any]:
        """Return the pieces sent after the opening, in order."""
        return ()

    def plus(self, piece: Any) -> Self:
        """Return the state with one more piece."""
        raise NotImplementedError(f"{type(self).__name__} is sent whole, and takes no piece {piece!r}")

    def plus_all(self, pieces: Sequence[Any]) -> Self:
        """Give the state with more pieces; the same as `plus` with each of them."""
        state = self
        for piece in pieces:
            state = state.plus(piece)
        return state

    def closing(self) -> Mapping[str, Any]:
        """Return the fields that change when it ends, by name."""
        return {}

    @property
    def words(self) -> str:
        """Return a short description for a timeline."""
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState(ItemState):
    """A message.

    `sent` is what a stream has sent of it so far; it becomes the content when the message ends. [REC]
    """

    kind: ClassVar[str] = "message"
    role: str = "assistant"
    content: tuple[Part, ...] = ()
    sent: Sequence[MessageDelta] = ()

    def plus(self, piece: MessageDelta) -> MessageState:
        # Only the fields that a message in progress can have: `replace` would dominate the time of a long stream.
        sent = self.sent if isinstance(self.sent, Prefix) else Prefix([*self.sent], len(self.sent))
        return MessageState(id=self.id, step_id=self.step_id, role=self.role, sent=sent.plus(piece))

    def plus_all(self, pieces: Sequence[MessageDelta]) -> MessageState:
        sent = (*self.sent, *pieces) if self.sent or not isinstance(pieces, tuple) else pieces
        return MessageState(id=self.id, step_id=self.step_id, role=self.role, sent=sent)

    def closing(self) -> Mapping[str, Any]:
        return {"content": joined(self.sent), "sent": ()}

    @property
    def text(self) -> str:
        """Return the texts of its content, joined."""
        return "".join([part.value for part in self.content if isinstance(part, Text)])

    @property
    def sent_text(self) -> str:
        """Return the texts sent so far, joined."""
        return "".join([delta.piece.value for delta in self.sent if isinstance(delta.piece, Text)])

    @property
    def words(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningState(ItemState):
    """The model's reasoning before a message or a call.

    `summary`: its parts; None if the model shows none.
    """

    kind: ClassVar[str] = "reasoning"
    summary: tuple[str, ...] | None = None
    chunks: tuple[tuple[int, str], ...] = ()  # the summary as a stream sends it: (number of the part, piece)

    def opening(self) -> ReasoningState:
        return self if self.summary is None else replace(self, summary=(), chunks=())

    def pieces(self) -> Sequence[tuple[int, str]]:
        return self.chunks

    def plus(self, piece: tuple[int, str]) -> ReasoningState:
        number, text = piece
        parts = list(self.summary or ())
        parts[number:] = [(parts[number] if number < len(parts) else "") + text]
        return replace(self, summary=tuple(parts), chunks=(*self.chunks, piece))

    @property
    def words(self) -> str:
        return "\n\n".join(self.summary or ())


class Reading(Protocol):
    """The context in which a recorded call is read back into a move."""

    def call_id(self, recorded: str) -> str | None:
        """Return the id that the call is to have; None for a new one."""
        ...

    def may_call(self, name: str) -> bool:
        """Return whether a function is among the recorded tools, as far as known."""
        ...

    def arguments(self, recorded: str) -> Any:
        """Return a function's arguments in the form that a script shows."""
        ...

    def image(self, file_id: str) -> str | bytes:
        """Return the id or the bytes that replace a recorded image."""
        ...

    def served(self, file_id: str) -> str:
        """Return the id that replaces a recorded file's id."""
        ...


class CallView(NamedTuple):
    """How a face shows a kind of call.

    Attributes:
        details: returns the call so far, as the JSON object under its type's name; the flag says whether the optional
            content was requested with `include`.
        added: returns what one piece adds to that object.
        read: returns the move for a recorded call, from its id and that object; None if recordings have no such call.
        opened: returns the object that a stream begins with, if not the details.
    """

    details: Callable[[Any, bool], dict[str, Any]]
    added: Callable[[Any], dict[str, Any]]
    read: Callable[[str, dict[str, Any], Reading], Any] | None = None
    opened: Callable[[Any, bool], dict[str, Any]] | None = None


class OutputItemView(NamedTuple):
    """How a face with output items shows a kind of call.

    Attributes:
        details: returns the call so far, as the keys of an item besides `id`, `type` and `status`.
        begins, ends: the extra events sent after it has begun, and before it is done: `("in_progress", "searching")`.
    """

    details: Callable[[Any], dict[str, Any]]
    begins: tuple[str, ...] = ("in_progress",)
    ends: tuple[str, ...] = ("completed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState(ItemState):
    """A call of a tool; each kind is one file in `call_kinds/`.

    Attributes:
        kinds: all kinds, by the word that is both the type of tool and the name in coverage.
        faces: how each face shows this kind, by the face's name: a `CallView` for Assistants, an `OutputItemView`
            for Responses (unless its renderer needs none).
        call_id: the id by which the app answers the call. The item's id is the same, unless the face makes its own.
    """

    kinds: ClassVar[dict[str, type[CallState]]] = {}
    faces: ClassVar[Mapping[str, Any]] = {}
    call_id: str

    def __init_subclass__(cls, **options: Any) -> None:
        # No super(): a slotted dataclass is created twice, and super() would refer to the first class.
        CallState.kinds[cls.kind] = cls

    @property
    def written(self) -> str:
        """Return the text that the model wrote for it, by which its tokens are counted."""
        return ""


_index = attrgetter("index")


class Cut(tuple[MessageDelta, ...]):  # noqa: SLOT001 - a tuple cannot have slots
    """All the pieces of a message, with the parts that they join to.

    It is the tuple of the pieces; whoever has it whole need not join them.
    """

    parts: tuple[Text | ImageFile, ...]


def cut(deltas: Sequence[MessageDelta]) -> Cut:
    """Return the pieces of a message as a `Cut`."""
    whole = Cut(deltas)
    whole.parts = joined(deltas)
    return whole


def joined(deltas: Sequence[MessageDelta]) -> tuple[Text | ImageFile, ...]:
    """Join the pieces of a message to its parts."""
    if isinstance(deltas, Cut):
        return deltas.parts
    parts = []
    for _, group in groupby(deltas, key=_index):
        pieces = [delta.piece for delta in group]
        texts = [piece for piece in pieces if isinstance(piece, Text)]
        annotations = tuple([annotation for text in texts for annotation in text.annotations])
        parts.append(Text("".join([text.value for text in texts]), annotations) if texts else pieces[0])
    return tuple(parts)


# -- the log ------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Item:
    """An entry of a conversation's log.

    Attributes:
        author: who wrote it, in the face's terms (an assistant's id); None for the app.
        attachments, metadata: as the face stores them, in its own form.
    """

    id: str
    created_at: float
    conversation_id: str
    state: Any  # an ItemState
    execution_id: str | None = None
    author: str | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`message`, `reasoning`, or the kind of call."""
        return self.state.kind  # type: ignore[no-any-return]

    @property
    def role(self) -> str:
        """`user` or `assistant`; for messages."""
        return self.state.role  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """Return the texts of its content, joined; for messages."""
        return self.state.text  # type: ignore[no-any-return]


def is_message(item: Item) -> bool:
    """Return whether an item is a message."""
    return item.state.kind == "message"  # type: ignore[no-any-return]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One ordered log of items, and the executions on it.

    Attributes:
        items: the log; the cost of a page does not depend on the log's length.
        active: the execution on it that is not over, if any. Whether that locks it is for the face to decide.
        latest: the execution started on it last.
    """

    id: str
    created_at: float
    metadata: dict[str, str] = field(default_factory=dict)
    items: ItemLog[Item] = field(default_factory=ItemLog)
    active: Any = None  # an Execution
    latest: Any = None  # likewise

    def messages(self) -> list[Item]:
        """Return the messages, oldest first."""
        return [item for item in self.items if is_message(item)]

    def last_user_text(self) -> str:
        """Return the text of the newest user message; "" if there is none."""
        for item in reversed(self.items):
            state = item.state
            if state.kind == "message" and state.role == "user":
                return state.text  # type: ignore[no-any-return]
        return ""
