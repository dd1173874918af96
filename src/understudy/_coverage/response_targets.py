"""What there is to cover of responses, and what would make an app cover it.

From this API's own tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._apis import faces
from understudy._apis.responses.error_texts import REFUSALS
from understudy._apis.responses.event_names import EVENT_NAMES
from understudy._apis.responses.lifecycle import RESPONSE
from understudy._common.short_text import short
from understudy._coverage import names, response_paths
from understudy._coverage.targets import CoverageTarget, next_run
from understudy._engine.lifecycle import Transition
from understudy.scripts import (
    RUN_ERROR_CODES,
    AnyFunctionCall,
    CodeInterpreter,
    Fail,
    FileSearch,
    Incomplete,
    Reason,
    Reply,
)

REASONS = ("max_output_tokens", "content_filter")  # [REC, SPEC]
_BACKGROUND, _CANCELS = "run it in the background", "run it in the background, and cancel it"
_REPLY = (Reply("Done."),)
_CITED = "file = understudy.add_file()\nunderstudy.next_run(Reply('Done.', citations=[file.id]))"
_ITEMS: dict[str, tuple[tuple[Any, ...], str]] = {
    "message": (_REPLY, ""),
    "function_call": ((AnyFunctionCall(0), *_REPLY), "send the outputs"),
    "reasoning": ((Reason("Let me see."), *_REPLY), ""),
    "file_search_call": ((FileSearch(), *_REPLY), ""),
    "code_interpreter_call": ((CodeInterpreter("1 + 1"), *_REPLY), ""),
}
_STREAMED: dict[str, tuple[tuple[Any, ...], str]] = {
    "function_call": _ITEMS["function_call"],
    "reasoning_summary": _ITEMS["reasoning"],
    "file_search": _ITEMS["file_search_call"],
    "code_interpreter": _ITEMS["code_interpreter_call"],
    "incomplete": ((Reply("Not all of"), Incomplete("max_output_tokens")), ""),
    "failed": ((Fail(),), ""),
    "queued": (_REPLY, _BACKGROUND),
}


def possible_of_responses() -> dict[str, list[CoverageTarget]]:
    """Return all targets of responses, by group.

    Those of the lifecycle first.
    """
    groups = {
        names.RESPONSE_STATUSES: _statuses(),
        names.RESPONSE_TRANSITIONS: map(_transition, RESPONSE),
        names.ITEM_TYPES: (
            CoverageTarget(name=kind, script=next_run(*moves), trigger=trigger) for kind, (moves, trigger) in _ITEMS.items()
        ),
        names.RESPONSE_OUTCOMES: _outcomes(),
        names.RESPONSE_EVENTS: map(_event, EVENT_NAMES),
        names.RESPONSE_ERRORS: (
            CoverageTarget(name=names.refusal(name, REFUSALS), trigger=short(refused.message))
            for name, refused in REFUSALS.items()
        ),
        names.RESPONSE_OPERATIONS: (
            CoverageTarget(name=one.name, trigger=f"{one.method} {one.path}") for one in faces.RESPONSES.operations
        ),
    }
    return {group: list(targets) for group, targets in groups.items()}


def _statuses() -> Iterator[CoverageTarget]:
    found = dict.fromkeys(status for row in RESPONSE for status in (row.source, row.target))
    for status in found:
        rows = [row for row in RESPONSE if row.target == status]
        target = _transition(min(rows, key=lambda row: row.mark == "INF")) if rows else None
        if target is None:
            yield CoverageTarget(name=status, script=next_run(*_REPLY), trigger=_BACKGROUND)
        else:
            yield CoverageTarget(name=status, script=target.script, trigger=target.trigger)


def _transition(row: Transition) -> CoverageTarget:
    moves, _ = response_paths.script_along(response_paths.way_over(row))
    trigger = _CANCELS if row.target == "cancelled" else _BACKGROUND
    if row.source == "in_progress" and row.target != "cancelled":
        trigger = f"{_BACKGROUND}, or stream it"
    return CoverageTarget(name=names.transition(row.source, row.target), script=next_run(*moves), trigger=trigger)


def _outcomes() -> Iterator[CoverageTarget]:
    for code in RUN_ERROR_CODES:
        yield CoverageTarget(name=names.outcome("failed", code), script=next_run(Fail(code)))
    for reason in REASONS:
        script = next_run(Reply("Not all of"), Incomplete(reason))  # type: ignore[arg-type]
        yield CoverageTarget(name=names.outcome("incomplete", reason), script=script)


def _event(name: str) -> CoverageTarget:
    kind = name.removeprefix("response.")
    if kind == "output_text.annotation.added":
        return CoverageTarget(name=name, script=_CITED, trigger="stream it")
    moves, trigger = next((found for begins, found in _STREAMED.items() if kind.startswith(begins)), (_REPLY, ""))
    streamed = " and ".join(filter(None, ("stream it", trigger)))
    return CoverageTarget(name=name, script=next_run(*moves), trigger=streamed)
