"""One thing said, called or returned, as a plain value, and its wording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

KINDS = (
    "user",
    "system",
    "developer",
    "assistant",
    "instructions",
    "call",
    "output",
    "reasoning",
    "item",
    "outcome",
)


@dataclass(frozen=True, kw_only=True)
class ConversationEntry:
    """What one side contributed to a conversation.

    Attributes:
        kind: one of `KINDS`; `item` for anything else, `outcome` for how a run or response ended.
        conversation: whose entry it is: the id of a thread or a conversation, else that of the chain's first response.
        exchange: the number of the exchange that shows it.
        text: what was said; a call's arguments; an output; a status and its reason.
        name: of the function or tool, for a call; of the type, for an item; of the status, for an outcome.
        call_id: of a call and its output; "" elsewhere.
        tokens: input and output tokens, for an outcome that reports them.
    """

    kind: str
    conversation: str
    exchange: int
    text: str = ""
    name: str = ""
    call_id: str = ""
    tokens: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """Who or what it is, in a word: `user`, `calls`, `returns`, `completed`."""
        return {"call": "calls", "output": "returns", "outcome": self.name, "item": "item"}.get(self.kind, self.kind)

    @property
    def words(self) -> str:
        """The entry as a text, such as `get_weather({"city":"Paris"})`."""
        if self.kind == "call":
            return f"{self.name}({self.text})" if self.text else self.name
        if self.kind == "item":
            return f"{self.name} {self.text}".strip()
        return ", ".join(filter(None, [self.text, _tokens(self.tokens)]))


def tokens_of(usage: Any) -> tuple[int, int] | None:
    """Return the (input, output) tokens; None if an answer does not report them.

    Under the names of either API.
    """
    if not isinstance(usage, dict):
        return None
    sent = usage.get("input_tokens", usage.get("prompt_tokens"))
    made = usage.get("output_tokens", usage.get("completion_tokens"))
    return (sent, made) if isinstance(sent, int) and isinstance(made, int) else None


def text_of_parts(content: Any) -> str:
    """Return the texts of a message's content, joined, with the rest in brackets.

    Takes what either API allows: a string, a list of parts, a text that is an object with a `value`, none at all.
    """
    if isinstance(content, str):
        return content
    return "".join(map(_part, content)) if isinstance(content, list) else ""


def compact(value: Any) -> str:
    """Return a value as text: a string as it is, anything else as JSON in one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def error_text(body: Any) -> str:
    """Return the message of an error's body.

    That is the whole body if it is not shaped as the API's.
    """
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and "message" in error:
        return str(error["message"])
    return compact(error if error is not None else body) if body is not None else ""


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    said = part.get("text", part.get("refusal"))
    if isinstance(said, dict):
        said = said.get("value")
    if isinstance(said, str):
        return said
    about = part.get("filename") or part.get("file_id") or (part.get("image_file") or {}).get("file_id")
    return f"[{part.get('type', 'part')}{f' {about}' if about else ''}]"


def _tokens(tokens: tuple[int, int] | None) -> str:
    return "" if tokens is None else f"{tokens[0]} input and {tokens[1]} output tokens"
