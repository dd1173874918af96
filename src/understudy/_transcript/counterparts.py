"""Parameters that only one of the two APIs has: what becomes of each.

[DOCS; contract, Responses 1]
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from understudy._transcript.entries import SeenMessage, Turn
from understudy._transcript.unknown import UNKNOWN, Unknown, plain, same

# By a parameter's name: what a report says of it. Settings that both APIs have are named when they are not equal.
FATES = {
    "max_prompt_tokens": "Responses has no limit for the prompt: send less input, or set truncation",
    "truncation_strategy": "Responses does not truncate to the last messages: send only these as input",
    "additional_instructions": "not in the other side's instructions: add them to instructions=",
    "tools": "a run's own tools replace the assistant's: send them with each request of this turn",
    "attachments": "not among the other side's files: put them into a vector store, or send an input_file",
    "max_tool_calls": "a run has no limit for tool calls",
    "max_output_tokens": "counts for a whole run, but for each response separately",
    "text_format": "response_format of a run is text.format of a response",
    "verbosity": "a run has no verbosity",
    "temperature": "both APIs have it, each with its own value here",
    "top_p": "both APIs have it, each with its own value here",
    "reasoning_effort": "reasoning_effort of a run is reasoning.effort of a response",
    "tool_choice": "both APIs have it, each with its own value here",
    "parallel_tool_calls": "both APIs have it, each with its own value here",
}


def fate(name: str, old: Turn, new: Turn) -> str:
    """Return what becomes of a setting that only one side has; "" if nothing is lost."""
    if name == "truncation_strategy" and _same_context(old, new):
        return ""
    return FATES.get(name, "the other side does not have it")


def _same_context(old: Turn, new: Turn) -> bool:
    seen = [
        UNKNOWN if isinstance(turn.context, Unknown) else [(message.role, message.text) for message in turn.context]
        for turn in (old, new)
    ]
    return same(seen[0], seen[1])


def lost_parameters(giver: Turn, taker: Turn, changed: Set[str]) -> Iterator[tuple[str, Any, str]]:
    """Yield what one side sent for a run alone, and whose effect the other lacks.

    As name, value, and what it means.
    """
    additional = giver.sent.get("additional_instructions")
    if additional and "instructions" in changed and plain(additional) not in _instructions(taker):
        yield "additional_instructions", additional, FATES["additional_instructions"]
    if giver.sent.get("tools") and "tools" in changed and not taker.sent.get("tools"):
        yield "tools", giver.sent["tools"], FATES["tools"]
    attached = [name for name in _files(giver) if name is not UNKNOWN]
    missing = [name for name in attached if not _has_file(taker, name)]
    if missing:
        yield "attachments", missing, FATES["attachments"]


def kept_parameters(giver: Turn, taker: Turn) -> Iterator[str]:
    """Yield what one side sent for a run alone, and where the other has it."""
    additional = giver.sent.get("additional_instructions")
    if additional and plain(additional) in _instructions(taker):
        yield "additional_instructions: in the other side's instructions"
    attached = [name for name in _files(giver) if name is not UNKNOWN and _has_file(taker, name)]
    if attached:
        yield f"attachments ({', '.join(attached)}): among the other side's files"


def _instructions(turn: Turn) -> str:
    return " ".join(str(entry.value) for entry in turn.of("instructions"))


def _files(turn: Turn) -> list[Any]:
    own = turn.said["files"] if isinstance(turn.said, dict) and "files" in turn.said else []
    return [*own, *turn.sent.get("attachments", ())]


def _has_file(turn: Turn, name: Any) -> bool:
    return any(file is UNKNOWN or file == name for file in (*_files(turn), *_tool_files(turn), *_earlier_files(turn)))


def _tool_files(turn: Turn) -> Iterator[Any]:
    for entry in turn.of("tools"):
        if isinstance(entry.value, Unknown):
            yield UNKNOWN
            continue
        for tool in entry.value.values():
            files = tool.get("files", ()) if isinstance(tool, dict) else ()
            yield from [files] if isinstance(files, Unknown) else files


def _earlier_files(turn: Turn) -> Iterator[Any]:
    messages: tuple[SeenMessage, ...] = () if isinstance(turn.context, Unknown) else turn.context
    for message in messages:
        yield from message.files
