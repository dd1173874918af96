"""The parts of a transcript.

What was said, given, called, returned and replied, and how it ended.
"""

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
HOSTED = ("code_interpreter", "file_search")  # a recording shows their calls only where the steps were listed


@dataclass(frozen=True, slots=True, repr=False)
class TranscriptEntry(CodeRepr):
    """One event of a conversation.

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


class Description(str):
    """Words about a value, in place of the value: never in quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message that a model sees.

    `files`: names of what is attached; `is_system`: instructions in the input.
    """

    role: str
    text: Any = ""  # a str, or UNKNOWN
    images: tuple[Any, ...] = ()
    files: tuple[Any, ...] = ()

    @property
    def value(self) -> Any:
        """Return the message as the value of an entry."""
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
        model: the model that was asked.
        knows_calls: whether every call of a function would be seen.
        knows_hosted: whether calls of the code interpreter and of the file search would be seen.
        knows_found: whether what these found, or printed, would be seen.
        knows_replies: whether messages of the model would be seen.
    """

    entries: tuple[TranscriptEntry, ...]
    context: tuple[SeenMessage, ...] | Unknown = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    knows_calls: bool = True
    knows_hosted: bool = True
    knows_found: bool = True
    knows_replies: bool = True

    def of(self, *kinds: str) -> list[TranscriptEntry]:
        """Return the entries of some kinds, in order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def is_whole(self) -> bool:
        """Return True if the end is known.

        A recording that breaks off before may lack anything.
        """
        return not any(isinstance(entry.value, Unknown) for entry in self.of("outcome"))

    @property
    def said(self) -> Any:
        """Return what the user said; None if nothing was said before this run."""
        return next((entry.value for entry in self.entries if entry.kind == "user"), None)


def in_words(kind: str, value: Any, *, quotes: bool = False) -> str:
    """Return a value of an entry as a line or a few.

    `quotes`: whether texts are in quotes, for where they are part of a sentence.
    """
    if kind == "call" and isinstance(value, dict):
        return f"{value['name']}({_text(value['arguments'], quotes)})"
    if kind in ("user", "reply") and isinstance(value, dict):
        more = [
            f"{name}: {', '.join(_text(one, quotes) for one in value[name])}"
            for name in ("images", "files")
            if value.get(name)
        ]
        return f"{_text(value['text'], quotes)} [{'; '.join(more)}]"
    if kind == "tools" and isinstance(value, dict):
        return ", ".join(_tool(name, tool, quotes) for name, tool in value.items()) or "(none)"
    if kind == "parameter" and isinstance(value, dict):
        return ", ".join(f"{name}={_text(given, quotes)}" for name, given in value.items())
    return _text(value, quotes)


def _tool(name: str, tool: Any, quotes: bool) -> str:
    if name in HOSTED and isinstance(tool, dict) and isinstance(tool.get("files"), list) and tool["files"]:
        return f"{name} ({', '.join(_text(file, quotes) for file in tool['files'])})"
    if not isinstance(tool, dict) or "parameters" not in tool:
        return name
    parameters = tool["parameters"] if isinstance(tool["parameters"], dict) else {}
    return f"{name}({', '.join(parameters.get('properties') or {})})"


def _text(value: Any, quotes: bool) -> str:
    if isinstance(value, Description):
        return value
    if isinstance(value, str):
        return repr(value) if quotes else value or "(empty)"
    if value is None:
        return "(none)"
    if value is UNKNOWN:
        return repr(value)
    if not isinstance(value, dict | list | tuple | int | float):
        return repr(value)  # an app's own object, or the exception it raised
    return json.dumps(value, ensure_ascii=False, default=repr)
