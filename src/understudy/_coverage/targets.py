"""All there is to cover, and what would make an app cover it.

The sets come from the tables that move the simulator: the lifecycle, the operations, the published events, the refusals, the
values of faults and endings; the types of steps from the published document. This module only adds how to reach each target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from understudy import faults
from understudy._apis import faces
from understudy._apis.assistants.event_names import EVENT_NAMES
from understudy._apis.assistants.lifecycle import RUN, Transition
from understudy._apis.assistants.objects import LIFETIME_SECONDS
from understudy._apis.error_texts import REFUSALS
from understudy._common.short_text import short
from understudy._coverage import names
from understudy._coverage.lifecycle_paths import is_performed, script_along, way_over
from understudy._inspect.spec import spec
from understudy.scripts import (
    INCOMPLETE_REASONS,
    RUN_ERROR_CODES,
    AnyFunctionCall,
    CodeInterpreter,
    Fail,
    FileSearch,
    Hang,
    Incomplete,
    Reply,
    Wait,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageTarget:
    """Something an app can cover.

    Attributes:
        name: its name in its group.
        script: code that makes a run lead there, to be pasted into a test with the fixture; may be several lines. "" if
            only the app can lead there.
        trigger: what the app also has to do, in words; may be empty. Without a script, what the target is.
        counts: whether it is part of the total; the simulator never does what does not count.
    """

    name: str
    script: str = ""
    trigger: str = ""
    counts: bool = True


def possible() -> dict[str, list[CoverageTarget]]:
    """Return all targets, by group: those of the lifecycle first."""
    groups = {
        names.STATUSES: _statuses(),
        names.TRANSITIONS: (_transition(row) for row in RUN),
        names.STEP_TYPES: _step_types(),
        names.OUTCOMES: _outcomes(),
        names.EVENTS: map(_event, EVENT_NAMES),
        names.FAULTS: _faults(),
        names.ERRORS: (
            CoverageTarget(name=names.refusal(name), trigger=short(refused.message)) for name, refused in REFUSALS.items()
        ),
        names.OPERATIONS: (
            CoverageTarget(name=one.name, trigger=f"{one.method} {one.path}")
            for one in faces.ASSISTANTS_AND_SHARED.operations
        ),
    }
    return {group: list(items) for group, items in groups.items()}


_REPLY = (Reply("Done."),)

# -- the lifecycle --------------------------------------------------------------


def _statuses() -> Iterator[CoverageTarget]:
    """Yield every status in the table, in the order of the published events."""
    found = {status for row in RUN for status in (row.source, row.target)}
    for status in sorted(found, key=lambda status: EVENT_NAMES.index(f"thread.run.{status}")):
        way = _into(status)
        script, trigger = (way.script, way.trigger) if way else (next_run(*_REPLY), "")
        yield CoverageTarget(name=status, script=script, trigger=trigger)


def _into(status: str) -> CoverageTarget | None:
    """Return the transition that leads to a status.

    Of several, the first that is documented or recorded; None for the first status.
    """
    rows = [row for row in RUN if row.target == status and row.source != "requires_action" and is_performed(row)]
    return _transition(min(rows, key=lambda row: row.mark == "INF")) if rows else None


def _transition(row: Transition) -> CoverageTarget:
    name = names.transition(row.source, row.target)
    if not is_performed(row):
        return CoverageTarget(name=name, trigger="undocumented: the simulator never does it", counts=False)
    way = ("queued", *way_over(row))
    moves, late = script_along(way[1:])
    trigger = ""
    if "cancelling" in way:
        trigger = f"cancel it in status {way[way.index('cancelling') - 1]}"
    elif "requires_action" in way:
        trigger = "submit the outputs"
    return CoverageTarget(
        name=name, script=next_run(*moves) + "".join(f"\n{_set_fault(fault)}" for fault in late), trigger=trigger
    )


_STEPS: dict[str, tuple[Any, str]] = {
    "message_creation": (Reply("Done."), ""),
    "tool_calls: function": (AnyFunctionCall(0), "submit the outputs"),
    "tool_calls: code_interpreter": (CodeInterpreter("1 + 1", logs="2"), ""),
    "tool_calls: file_search": (FileSearch(), ""),
}


def _step_types() -> Iterator[CoverageTarget]:
    for name in step_types():
        move, trigger = _STEPS[name]
        yield CoverageTarget(name=name, script=next_run(*dict.fromkeys((move, Reply("Done.")))), trigger=trigger)


def step_types() -> list[str]:
    """Return the types of run steps, and of the calls in one.

    In the published document's order.
    """
    schemas = spec()["components"]["schemas"]
    calls = schemas["RunStepDetailsToolCallsObject"]["properties"]["tool_calls"]["items"]["oneOf"]
    kinds = [_resolved(schemas, call)["properties"]["type"]["enum"][0] for call in calls]
    types = schemas["RunStepObject"]["properties"]["type"]["enum"]
    return [
        name
        for kind in types
        for name in ([names.step_type(kind, call) for call in kinds] if kind == "tool_calls" else [names.step_type(kind)])
    ]


def _resolved(schemas: dict[str, Any], reference: dict[str, str]) -> Any:
    return schemas[reference["$ref"].rpartition("/")[2]]


def _outcomes() -> Iterator[CoverageTarget]:
    for code in RUN_ERROR_CODES:
        yield CoverageTarget(name=names.outcome("failed", code), script=next_run(Fail(code)))
    for reason in INCOMPLETE_REASONS:
        yield CoverageTarget(
            name=names.outcome("incomplete", reason), script=next_run(Reply("Not all of"), Incomplete(reason))
        )


# -- beside it --------------------------------------------------------------------

_STREAMED = "stream the run"
_CODE = (CodeInterpreter("1 + 1"), Reply("Done."))
_CANCELS = "cancel it at thread.run.step.created"
_IN_TIME = Wait(LIFETIME_SECONDS - 7)  # a step that begins then is in progress when the run expires
_EVENTS: dict[str, tuple[tuple[Any, ...], str]] = {
    "thread.run.step.delta": (_CODE, ""),
    "thread.run.step.failed": ((Reply("Not all of"), Fail()), ""),
    "thread.run.step.cancelled": ((Reply("Done."), Hang()), _CANCELS),
    "thread.run.step.expired": ((_IN_TIME, Reply("Done.")), ""),
    "thread.message.incomplete": ((Reply("Not all of"), Incomplete()), ""),
}


def _event(name: str) -> CoverageTarget:
    item = _into(name.removeprefix("thread.run."))
    if item is not None:
        return CoverageTarget(name=name, script=item.script, trigger=_streamed(item.trigger))
    if name == "error":
        script = f"{next_run(*_REPLY)}\n{_set_fault(faults.Fault(faults.StreamError()))}"
        return CoverageTarget(name=name, script=script, trigger=_STREAMED)
    if name == "thread.created":
        return CoverageTarget(name=name, script=next_run(*_REPLY), trigger="stream threads.create_and_run")
    moves, trigger = _EVENTS.get(name, (_REPLY, ""))
    return CoverageTarget(name=name, script=next_run(*moves), trigger=_streamed(trigger))


def _streamed(trigger: str) -> str:
    return " and ".join(filter(None, (_STREAMED, trigger)))


def _faults() -> Iterator[CoverageTarget]:
    """Yield every kind of fault, in every phase that it can happen in."""
    for name in faults.__all__:
        kind = getattr(faults, name)
        for phase in getattr(kind, "phases", ()):
            what = kind(1) if name == "Slow" else kind()
            given = None if phase == what.phases[0] else phase
            needs_stream = phase == "during"
            fault = faults.Fault(what, phase=given)
            yield CoverageTarget(
                name=names.fault(name, phase), script=_set_fault(fault), trigger=_STREAMED if needs_stream else ""
            )


def next_run(*moves: Any) -> str:
    """Return the code that sets a script, in a test with the fixture."""
    code = f"understudy.next_run({', '.join(map(repr, moves))})"
    return code.replace(f", {Fail().message!r}", "").replace("(None)", "()")  # defaults


def _set_fault(fault: faults.Fault) -> str:
    return f"understudy.fault({repr(fault).removeprefix('Fault(')}"
