"""What a transcript is made of: what was said, given, called, returned, replied, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from understudy._common.code_repr import CodeRepr, first
from understudy._common.printable import printable
from understudy._transcript.unknown import UNKNOWN, Unknown

EntryKind = Literal["user", "instructions", "tools", "parameter", "call", "output", "reply", "citation", "outcome"]
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
HOSTED = ("code_interpreter", "file_search")  # their calls are seen only where the steps were listed


@dataclass(frozen=True, slots=True, repr=False)
class TranscriptEntry(CodeRepr):
    """One thing that happened in a conversation.

    Attributes:
        kind: `user` (what was said), `instructions`, `tools` and `parameter` (what the model was given), `call`, `output`,
            `reply`, `citation` (a file's name), `outcome`.
        turn: the turn it is in, from 1.
        value: what: a text; for `user` and `reply` with images or files a mapping; for `tools` the definitions by name;
            for `parameter` the values by name; for `call` `{"name": ..., "arguments": ...}`. What a recording does not show
            is unknown, and equal to anything.
    """

    kind: EntryKind = first()
    turn: int = first()
    value: Any = first(hash=False)

    def __str__(self) -> str:
        return printable(f"{self.kind}: {in_words(self.kind, self.value)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message that a model sees. `files`: names of what is attached; `is_system`: instructions in the input."""

    role: str
    text: Any = ""  # a str, or UNKNOWN
    images: tuple[Any, ...] = ()
    files: tuple[Any, ...] = ()

    @property
    def value(self) -> Any:
        """Give it as an entry has it."""
        if not self.images and not self.files:
            return self.text
        shown: dict[str, Any] = {"text": self.text}
        shown |= {"images": list(self.images)} if self.images else {}
        return shown | ({"files": list(self.files)} if self.files else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one run did, or the chain of responses that a tool loop made.

    Attributes:
        entries: in order; the first is what the user said, if anything.
        context: the messages before that; UNKNOWN where the recording began later.
        sent: what the run, or a message of it, was created with and has no place in the other API.
        model: what was asked.
        knows_hosted: whether calls of the code interpreter and of the file search would be seen.
        knows_found: whether what these found, or printed, would be seen.
        knows_replies: whether messages of the model would be seen.
    """

    entries: tuple[TranscriptEntry, ...]
    context: tuple[SeenMessage, ...] | Unknown = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    knows_hosted: bool = True
    knows_found: bool = True
    knows_replies: bool = True

    def of(self, *kinds: str) -> list[TranscriptEntry]:
        """Give the entries of some kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def is_whole(self) -> bool:
        """Whether the end is known: a recording that breaks off before may lack anything."""
        return not any(isinstance(entry.value, Unknown) for entry in self.of("outcome"))

    @property
    def said(self) -> Any:
        """Give what the user said; None when nothing was said before this run."""
        return next((entry.value for entry in self.entries if entry.kind == "user"), None)


def in_words(kind: str, value: Any) -> str:
    """Give a value of an entry in a line or a few."""
    if kind == "call" and isinstance(value, dict):
        return f"{value['name']}({_text(value['arguments'])})"
    if kind in ("user", "reply") and isinstance(value, dict):
        more = [f"{name}: {', '.join(map(_text, value[name]))}" for name in ("images", "files") if value.get(name)]
        return f"{_text(value['text'])} [{'; '.join(more)}]"
    if kind == "tools" and isinstance(value, dict):
        return ", ".join(_tool(name, held) for name, held in value.items()) or "(none)"
    if kind == "parameter" and isinstance(value, dict):
        return ", ".join(f"{name}={_text(held)}" for name, held in value.items())
    return _text(value)


def _tool(name: str, held: Any) -> str:
    if name in HOSTED and isinstance(held, dict) and isinstance(held.get("files"), list) and held["files"]:
        return f"{name} ({', '.join(map(_text, held['files']))})"
    if not isinstance(held, dict) or "parameters" not in held:
        return name
    parameters = held["parameters"] if isinstance(held["parameters"], dict) else {}
    return f"{name}({', '.join(parameters.get('properties') or {})})"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value or "(empty)"
    if value is None:
        return "(none)"
    if value is UNKNOWN:
        return repr(value)
    return json.dumps(value, ensure_ascii=False, default=repr)
