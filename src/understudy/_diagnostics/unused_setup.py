"""Reports of scripts and faults that were set up for a test and never used."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.assistants.objects import Run
from understudy._apis.responses.objects import ModelResponse
from understudy._common.short_text import counted
from understudy._diagnostics.request_log import Logged
from understudy._engine.script_queue import QueuedScript
from understudy._faulting.fault_context import ArmedFault
from understudy.errors import Unused

_MAX_LISTED = 5  # of each kind
_SCRIPT_REMEDY = (
    "What to do: remove the surplus; or set it for every run: every_run(...); or allow unused scripts: strict=False."
)
_FAULT_REMEDY = "What to do: correct on=, nth= and times=; or allow unused faults: strict=False."


def unused_scripts(
    scripts: Sequence[QueuedScript], runs: Sequence[Run], responses: Sequence[ModelResponse], log: Sequence[Logged]
) -> list[Unused]:
    """Return the error for scripts that no run took, with what happened instead."""
    what = f"{len(scripts)} script(s) were set, but no run took them:"
    return [Unused(f"{what}{_listed(scripts)}\n{_instead(scripts, runs, responses, log)}\n{_SCRIPT_REMEDY}")]


def unused_faults(faults: Sequence[ArmedFault]) -> list[Unused]:
    """Return the error for faults that did not happen, or not often enough."""
    what = f"{len(faults)} fault(s) were set, but happened less often than set, or never:"
    return [Unused(f"{what}{_listed(faults)}\n{_FAULT_REMEDY}")]


def _listed(things: Sequence[object]) -> str:
    """Return a line for each, up to a few."""
    more = [f"... and {len(things) - _MAX_LISTED} more"] if len(things) > _MAX_LISTED else []
    return "".join(f"\n  {thing}" for thing in [*things[:_MAX_LISTED], *more])


def _instead(
    scripts: Sequence[QueuedScript], runs: Sequence[Run], responses: Sequence[ModelResponse], log: Sequence[Logged]
) -> str:
    shown = [
        *_started("run", [f"{run.id} ({run.assistant_id} on {run.thread_id})" for run in runs]),
        *_started("response", [response.id for response in responses]),
    ]
    if responses and any(script.assistant for script in scripts):
        shown.append("A script for an assistant is for runs only: no response takes it")
    if shown:
        return ". ".join(shown)
    if not log:
        return "No run was started, and nothing was sent: does the app reach this simulation?"
    return f"No run was started; the last request was {log[-1].sent.method} {log[-1].sent.path}, answered {log[-1].status}."


def _started(noun: str, what: Sequence[str]) -> list[str]:
    if not what:
        return []
    more = f" and {len(what) - _MAX_LISTED} more" if len(what) > _MAX_LISTED else ""
    return [f"{counted(len(what), noun)} started: {', '.join(what[:_MAX_LISTED])}{more}"]
