"""What a run does, as a script that makes the simulator do the same.

It is derived from what the recording shows the model did.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from understudy._engine.items import CallState
from understudy._reconstruct.session_facts import Json, RunFacts
from understudy.errors import ImpossibleScript
from understudy.scripts import (
    CallMove,
    Expire,
    Fail,
    Hang,
    Incomplete,
    Reply,
    Step,
    Wait,
)

LAST_STEP_SECONDS = 1  # so that a run without a shown step is in progress for some time
UNKNOWN_SECONDS = 60  # how much longer a run whose end no answer shows goes on
NOT_SHOWN = "(not shown in the recording)"
_PIXEL = b"\x89PNG\r\n\x1a\n"  # in place of an image's bytes, which the recording does not hold

Served = Callable[[str], str]


@dataclass(frozen=True)
class PerformedStep:
    """One step of a run: its move, and the ids it was recorded with.

    An id is "" where no answer shows it. `at`: in unix seconds.
    """

    at: float
    move: Step
    step_id: str = ""
    message_id: str = ""


def moves_of(run: RunFacts, served: Served) -> tuple[Step, ...]:
    """Return the script of a run.

    `served` gives the simulator's id for a recorded file's.
    """
    return *(performed.move for performed in steps_of(run, served)), *ending_of(run)


def steps_of(run: RunFacts, served: Served, *, keep_ids: bool = False) -> list[PerformedStep]:
    """Return the steps of a run, in order.

    Those shown, and the messages and calls that no shown step explains. `keep_ids`: function calls
    get the recorded ids, and images are referred to by theirs instead of being created anew.
    """
    reading = _Reading(run, served, keep_ids)
    waiting = run.calls_waited_for()
    messages = dict(run.messages)
    found: list[PerformedStep] = []
    for step in run.steps.values():
        details, at = step["step_details"], step["created_at"]
        if details["type"] == "message_creation":
            message_id = details["message_creation"]["message_id"]
            move: Step = _reply(messages.pop(message_id, None), reading)
            found.append(PerformedStep(at, move, step["id"], message_id))
            continue
        calls = details["tool_calls"] or (waiting and waiting.pop(0).calls) or []
        shown = {call["id"] for call in calls}
        waiting = [waited for waited in waiting if not shown & {call["id"] for call in waited.calls}]
        if calls:
            found.append(PerformedStep(at, _calls(calls, reading), step["id"]))
    spoken = ((message["created_at"], _reply(message, reading), message["id"]) for message in messages.values())
    found += [PerformedStep(at, reply, message_id=message_id) for at, reply, message_id in spoken]
    found += [PerformedStep(waited.at, _calls(waited.calls, reading)) for waited in waiting]
    return sorted(found, key=lambda performed: performed.at)


@dataclass(frozen=True)
class _Reading:
    """What the moves of a run are made from; see `steps_of`."""

    run: RunFacts
    served: Served
    keep_ids: bool

    def image(self, file_id: str) -> str | bytes:
        return file_id if self.keep_ids else _PIXEL

    def call_id(self, recorded: str) -> str | None:
        # A run that was there before may be answered before it is shown: its calls have to be known by their ids.
        return recorded if self.keep_ids or self.run.created is None else None

    def may_call(self, name: str) -> bool:
        return self.run.may_call(name)

    def arguments(self, recorded: str) -> Json | str:
        return exact_arguments(recorded) if self.keep_ids else recorded


def _calls(shown: list[Json], reading: _Reading) -> Step:
    moves = [_call(call, reading) for call in shown]
    return moves[0] if len(moves) == 1 else tuple(moves)


def _call(call: Json, reading: _Reading) -> CallMove:
    """Return the move that makes a recorded call.

    A kind of call that is unknown here is read as a file search.
    """
    kind = CallState.kinds.get(call["type"], CallState.kinds["file_search"])
    move: CallMove = kind.faces["assistants"].read(call["id"], call[call["type"]], reading)
    return move


def exact_arguments(arguments: str) -> Json | str:
    """Return a call's arguments as a mapping, or as text if it would lose something.

    They are a mapping only if JSON writes that mapping exactly so.
    """
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    is_written_so = json.dumps(value, ensure_ascii=False, separators=(",", ":")) == arguments
    return value if isinstance(value, dict) and is_written_so else arguments


def _reply(message: Json | None, reading: _Reading) -> Reply:
    content = message["content"] if message is not None else []
    if message is None or not content:
        return Reply(NOT_SHOWN)
    cited = [note for part in content if part["type"] == "text" for note in part["text"]["annotations"]]
    citations = tuple(reading.served(note[note["type"]]["file_id"]) for note in cited if note["type"] in note)
    if len(content) > 1 or content[0]["type"] != "text":
        return _of_parts(content, citations, reading)
    text = content[0]["text"]["value"]
    chunks = reading.run.chunks.get(message["id"])
    if chunks is not None and "".join(chunks) == text:
        return Reply(chunks=tuple(chunks), text=text, citations=citations)
    return Reply(text, citations=citations)


def _of_parts(content: list[Json], citations: tuple[str, ...], reading: _Reading) -> Reply:
    """Return a reply of several parts.

    Images can be named by their ids only where they come after one text.
    """
    images = tuple(part["image_file"]["file_id"] for part in content if part["type"] == "image_file")
    if reading.keep_ids and content[0]["type"] == "text" and len(images) == len(content) - 1:
        return Reply(content[0]["text"]["value"], citations=citations, images=images)
    return Reply(parts=tuple(_part(part) for part in content), citations=citations)


def _part(part: Json) -> str | bytes:
    return part["text"]["value"] if part["type"] == "text" else _PIXEL


def ending_of(run: RunFacts) -> list[Step]:
    """Return the moves that end the run.

    A run that was cancelled would otherwise have gone on.
    """
    last = run.views[-1][1] if run.views else {}
    if run.cancelled is not None:
        return [Hang(on_cancel="completes" if run.status == "completed" else "cancelled")]
    if run.status == "failed":
        try:
            return [Fail(last["last_error"]["code"], last["last_error"]["message"])]
        except ImpossibleScript:  # a code that the move does not know
            return [Fail(message=last["last_error"]["message"])]
    if run.status == "incomplete":
        return [_incomplete((last.get("incomplete_details") or {}).get("reason", "max_completion_tokens"), run)]
    if run.status == "expired":
        return [Expire()]
    return [Wait(LAST_STEP_SECONDS if run.status == "completed" else UNKNOWN_SECONDS)]


def _incomplete(reason: str, run: RunFacts) -> Incomplete:
    """Return the end of an incomplete run.

    It says whether the last message was cut, where a stream shows that.
    """
    usual = Incomplete(cast(Any, reason))
    newest = next(reversed(run.messages.values()), {})
    if newest.get("status") not in ("completed", "incomplete"):
        return usual
    is_cut = newest["status"] == "incomplete"
    return usual if usual.cuts_reply == is_cut else Incomplete(usual.reason, cut=is_cut)
