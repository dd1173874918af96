"""Items: the entries of a conversation's one ordered log.

An `Item` is the entry itself: its id, when it began, which execution wrote it (None for what the app put
there) and which step of the script it belongs to. What may change about it is a frozen *state*, which is
replaced, never altered, so an event can be read against the state before it and after it. The states:
`MessageState` and `ReasoningState` here; one for each kind of call in `call_kinds/`, all of them
`CallState`s. A state knows three things:

* `opening()`: what is known of it when it is first sent, and `pieces()`: what is sent after that, piece by
  piece;
* `plus(piece)`: itself with one more piece;
* `kind`: the word that faces, timelines and coverage look it up by.

So a stream sends the pieces, a poll reads the state, and `opening()` plus all `pieces()` is the complete
state.

Times are unix seconds; None means not yet, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol, Self

from understudy._engine.lifecycle import LIFECYCLES, Lifecycle
from understudy._engine.listing import Listing

# -- what a message is made of ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A marker in a text that stands for a file; `start` and `end` are in code points [INF: may be UTF-16]."""

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
    """An image part, by its address."""

    url: str
    detail: str = "auto"


Part = Text | ImageFile | ImageUrl


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """A piece of a message.

    Attributes:
        index: which of the message's parts it belongs to.
        piece: what it adds.
        is_first: whether it is that part's first piece.
        annotations_before: how many annotations that part has already.
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
        step_id: the step of the script it belongs to; items of one step are parallel calls. None for an item
            that is in no step: what the app put there, reasoning.
        status: `in_progress`, `completed` or `incomplete`.
        ended_at: when it was completed or cut.
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
        """Give what is known of it when it is first sent."""
        return self

    def pieces(self) -> Sequence[Any]:
        """Give what is sent after that, in order."""
        return ()

    def plus(self, piece: Any) -> Self:
        """Give the state with one more piece."""
        raise NotImplementedError(f"{type(self).__name__} comes in one piece, not with {piece!r}")

    def plus_all(self, pieces: Sequence[Any]) -> Self:
        """Give the state with more pieces; the same as `plus` with each of them."""
        state = self
        for piece in pieces:
            state = state.plus(piece)
        return state

    def closing(self) -> Mapping[str, Any]:
        """Give the fields that change when it ends."""
        return {}

    @property
    def words(self) -> str:
        """Return what it is about, in a few words, for a timeline."""
        return self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState(ItemState):
    """A message.

    `sent` is what a stream has sent of it so far; it becomes the content when the message ends
    [REC].
    """

    kind: ClassVar[str] = "message"
    role: str = "assistant"
    content: tuple[Part, ...] = ()
    sent: tuple[MessageDelta, ...] = ()

    def plus(self, piece: MessageDelta) -> MessageState:
        # Only what a message in progress can have: `replace` would take most of a long stream's time.
        return MessageState(id=self.id, step_id=self.step_id, role=self.role, sent=(*self.sent, piece))

    def plus_all(self, pieces: Sequence[MessageDelta]) -> MessageState:
        return MessageState(id=self.id, step_id=self.step_id, role=self.role, sent=(*self.sent, *pieces))

    def closing(self) -> Mapping[str, Any]:
        return {"content": joined(self.sent), "sent": ()}

    @property
    def text(self) -> str:
        """Return the texts of its content, joined."""
        return "".join(part.value for part in self.content if isinstance(part, Text))

    @property
    def sent_text(self) -> str:
        """Return the texts that were sent so far, joined."""
        return "".join(delta.piece.value for delta in self.sent if isinstance(delta.piece, Text))

    @property
    def words(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningState(ItemState):
    """What the model thought before it spoke or called.

    `summary`: its parts; None where the model shows none.
    """

    kind: ClassVar[str] = "reasoning"
    summary: tuple[str, ...] | None = None
    chunks: tuple[tuple[int, str], ...] = ()  # of the summary, as a stream sends it: the number of the part, and a piece

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
    """What is known where a recorded call is read back into the move that makes it."""

    def call_id(self, recorded: str) -> str | None:
        """Give the id that the call is to get, None for a new one."""
        ...

    def may_call(self, name: str) -> bool:
        """Tell whether a function is among the tools, as far as the recording shows them."""
        ...

    def arguments(self, recorded: str) -> Any:
        """Give a function's arguments as a script is to show them."""
        ...

    def image(self, file_id: str) -> str | bytes:
        """Give what stands for a recorded image."""
        ...

    def served(self, file_id: str) -> str:
        """Give the id that stands for a recorded file's."""
        ...


class CallView(NamedTuple):
    """How a face shows a kind of call.

    Attributes:
        details: the call so far, as the JSON object under its type's name; with what was asked to be included or not.
        added: what one piece adds to that object.
        read: gives the move that makes a recorded call, from its id and that object; None where recordings have none.
        opened: the object that a stream begins with, where that is not the details.
    """

    details: Callable[[Any, bool], dict[str, Any]]
    added: Callable[[Any], dict[str, Any]]
    read: Callable[[str, dict[str, Any], Reading], Any] | None = None
    opened: Callable[[Any, bool], dict[str, Any]] | None = None


class OutputItemView(NamedTuple):
    """How a face whose executions give items shows a kind of call.

    Attributes:
        details: the call so far, as the keys of an item beside `id`, `type` and `status`.
        begins, ends: what is sent besides when it has begun, and before it is done: `("in_progress", "searching")`.
    """

    details: Callable[[Any], dict[str, Any]]
    begins: tuple[str, ...] = ("in_progress",)
    ends: tuple[str, ...] = ("completed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallState(ItemState):
    """A call of a tool; each kind is one file in `call_kinds/`.

    Attributes:
        kinds: every kind there is, by its word: the type of tool it belongs to, and what coverage calls it.
        faces: by a face's name, how it shows this kind; for Assistants a `CallView`, for Responses an
            `OutputItemView` (but for what its renderer shows by itself).
        call_id: what the app knows the call by. The item's own id is the same, unless the face gives its own.
    """

    kinds: ClassVar[dict[str, type[CallState]]] = {}
    faces: ClassVar[Mapping[str, Any]] = {}
    call_id: str

    def __init_subclass__(cls, **options: Any) -> None:
        # No super(): a slotted dataclass is made twice, and the first class is not the one that super() knows.
        CallState.kinds[cls.kind] = cls

    @property
    def written(self) -> str:
        """Return the text that the model wrote for it; what its tokens are counted by."""
        return ""


_index = attrgetter("index")


def joined(deltas: Sequence[MessageDelta]) -> tuple[Text | ImageFile, ...]:
    """Put the parts of a message together from the pieces they were sent in."""
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
        attachments, metadata: what the face keeps with it, in the face's own form.
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
    """Tell messages from the other items of a log."""
    return item.state.kind == "message"  # type: ignore[no-any-return]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One ordered log of items, and what runs on it.

    Attributes:
        items: the log; a page of it costs the page, whatever its length.
        active: the execution that runs on it and is not over, if any. Whether that locks it is the face's to say.
        latest: the execution that ran on it last.
    """

    id: str
    created_at: float
    metadata: dict[str, str] = field(default_factory=dict)
    items: Listing[Item] = field(default_factory=Listing)
    active: Any = None  # an Execution
    latest: Any = None  # likewise

    def messages(self) -> list[Item]:
        """Give the messages, oldest first."""
        return [item for item in self.items if is_message(item)]

    def last_user_text(self) -> str:
        """Give the newest user message's text, "" if there is none."""
        for item in reversed(self.items):
            state = item.state
            if state.kind == "message" and state.role == "user":
                return state.text  # type: ignore[no-any-return]
        return ""
