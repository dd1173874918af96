"""The model writes a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from understudy._common.code_repr import first
from understudy._engine.content import deltas
from understudy._engine.events import ItemClosed, ItemOpened, StepClosed, StepOpened, Usage, tokens
from understudy._engine.items import MessageState, Text, joined
from understudy._engine.moves.base import Move, Tool, as_tuple
from understudy._engine.timing import STEP_SECONDS
from understudy.errors import ImpossibleScript

if TYPE_CHECKING:
    from understudy._engine.planning import Planner


@dataclass(frozen=True, slots=True, repr=False)
class Reply(Move):
    """The model writes a message.

    Args:
        text: its text. Citation markers in it (`【4:0†notes.txt】`) take the `citations` in order; a citation without a
            marker gets one at the end. A path `sandbox:/mnt/data/NAME` takes the next of the `citations` likewise, and
            becomes a file_path annotation. [REC for citations, DOCS for paths]
        parts: several content parts instead of `text`, each a text or an image's bytes.
        citations: ids of the files that the markers refer to.
        images: content parts after the text: ids of image files, or the images' bytes, which become files. Only for a run:
            the messages of a response are text.
        chunks: the pieces in which a stream sends the text; joined, they must be the text. Default: word by word, as
            recorded.

    Right before `Fail` or `Incomplete` the reply is cut: the message ends `incomplete`, with this text; see `Incomplete` for
    the exceptions.
    """

    file_fields: ClassVar[tuple[str, ...]] = ("citations", "images")
    text: str | None = first(default=None)
    parts: Sequence[str | bytes] | None = field(default=None, kw_only=True)
    citations: Sequence[str] = field(default=(), kw_only=True)
    images: Sequence[str | bytes] = field(default=(), kw_only=True)
    chunks: Sequence[str] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("parts", "citations", "images", "chunks"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, as_tuple(f"Reply({name}=...)", value))
        if self.text is None and self.parts is None and self.chunks is not None:
            object.__setattr__(self, "text", "".join(self.chunks))
        if (self.text is None) == (self.parts is None):
            raise ImpossibleScript("Reply takes either a text or parts=...: a message cannot be without content")
        if self.text is not None and not isinstance(self.text, str):
            raise ImpossibleScript(
                f"Reply({self.text!r}): expected a str, got {type(self.text).__name__}{_replies(self.text)}"
            )
        if self.parts is not None and (not self.parts or not all(isinstance(part, str | bytes) for part in self.parts)):
            raise ImpossibleScript(f"Reply(parts={self.parts!r}): expected a list of at least one text or image (bytes)")
        if self.parts is not None and self.chunks is not None:
            raise ImpossibleScript("Reply takes chunks=... only with a text, not with parts=...")
        if self.chunks is not None and "".join(self.chunks) != self.text:
            raise ImpossibleScript(f"Reply: the chunks join to {''.join(self.chunks)!r}, but the text is {self.text!r}")

    def check(self, tools: Sequence[Tool], where: str) -> None:  # noqa: ARG002 - a reply needs no tool
        if self.citations and not any(isinstance(part, str) for part in self.parts or ("",)):
            raise ImpossibleScript(f"the script set at {where} cites files in {self!r}, which has no text to cite them in")

    @property
    def _has_images(self) -> bool:
        return bool(self.images) or (self.parts is not None and any(isinstance(part, bytes) for part in self.parts))

    def plan(self, planner: Planner) -> None:
        if self._has_images and not planner.execution.request.shows_images:
            raise planner.impossible(
                "a Reply with images, but the messages of a response are text only: use "
                "CodeInterpreter(..., images=[...]), or ResponseItem({...}) for an image_generation_call"
            )
        start = planner.begin_step()
        message_id = planner.item_id("message", planner.conversation.id, start)
        step_id = planner.new_id("step", planner.execution.id, start)
        planner.plan(StepOpened(start, step_id, message_id))
        planner.plan(ItemOpened(start, MessageState(id=message_id, step_id=step_id)))
        pieces = deltas(planner.ports, self, start)
        planner.send(start, STEP_SECONDS, message_id, pieces)
        planner.at = start + STEP_SECONDS
        if planner.is_cut_now():  # the end closes the message, see Execution._end
            return
        text = "".join([part.value for part in joined(pieces) if isinstance(part, Text)])
        planner.plan(ItemClosed(planner.at, message_id))
        planner.plan(StepClosed(planner.at, step_id, "completed", Usage(0, tokens(text))))


def _replies(texts: object) -> str:
    """Return a hint on how to write several messages, if texts were given."""
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(text, str) for text in texts):
        return ""
    return f". For several messages: {', '.join(f'Reply({text!r})' for text in texts)}"
