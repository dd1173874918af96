"""What was set up for a test and never happened."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.assistants.objects import Run
from understudy._common.short_text import counted
from understudy._diagnostics.request_log import Logged
from understudy._engine.script_queue import QueuedScript
from understudy._faulting.fault_context import ArmedFault
from understudy.errors import Unused

_MOST = 5  # of each kind that are listed
_SCRIPT_REMEDY = (
    "What to do: remove what is too much; or set it for any run that comes: every_run(...); or let scripts go unused: "
    "strict=False."
)
_FAULT_REMEDY = "What to do: correct on=, nth= and times=; or let faults go unused: strict=False."


def unused_scripts(scripts: Sequence[QueuedScript], runs: Sequence[Run], log: Sequence[Logged]) -> list[Unused]:
    """Return the scripts that no run took, and what happened instead."""
    what = f"{len(scripts)} script(s) were set, but no run took them:"
    return [Unused(f"{what}{_listed(scripts)}\n{_instead(runs, log)}\n{_SCRIPT_REMEDY}")]


def unused_faults(faults: Sequence[ArmedFault]) -> list[Unused]:
    """Return the faults that did not happen, or not as often as they were to."""
    what = f"{len(faults)} fault(s) were set, but did not happen as often as they were to:"
    return [Unused(f"{what}{_listed(faults)}\n{_FAULT_REMEDY}")]


def _listed(things: Sequence[object]) -> str:
    """Return a line for each, up to a few."""
    more = [f"... and {len(things) - _MOST} more"] if len(things) > _MOST else []
    return "".join(f"\n  {thing}" for thing in [*things[:_MOST], *more])


def _instead(runs: Sequence[Run], log: Sequence[Logged]) -> str:
    if runs:
        shown = ", ".join(f"{run.id} ({run.assistant_id} on {run.thread_id})" for run in runs[:_MOST])
        more = f" and {len(runs) - _MOST} more" if len(runs) > _MOST else ""
        return f"{counted(len(runs), 'run')} started: {shown}{more}"
    if not log:
        return "No run was started, and nothing was sent: does the app reach this simulation?"
    return f"No run was started; the last request was {log[-1].sent.method} {log[-1].sent.path}, answered {log[-1].status}."
