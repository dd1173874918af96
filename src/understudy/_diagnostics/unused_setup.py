"""What was set up for a test and never happened."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.assistants.objects import Run
from understudy._diagnostics.request_log import Logged
from understudy._engine.script_queue import QueuedScript
from understudy._faulting.fault_context import ArmedFault
from understudy.errors import Unused

_SCRIPT_REMEDY = (
    "Remove what is too much; or say what any run may take: every_run(...); or let scripts go unused: strict=False."
)
_FAULT_REMEDY = "Correct on=, nth= and times=; or let faults go unused with strict=False."


def unused_scripts(scripts: Sequence[QueuedScript], runs: Sequence[Run], log: Sequence[Logged]) -> list[Unused]:
    """The scripts that no run took, and what happened instead."""
    listed = "\n".join(f"  {script}" for script in scripts)
    return [
        Unused(
            f"{len(scripts)} script(s) were set, but no run took them:\n{listed}\n{_instead(runs, log)}\n{_SCRIPT_REMEDY}"
        )
    ]


def unused_faults(faults: Sequence[ArmedFault]) -> list[Unused]:
    """The faults that did not happen, or not as often as they were to."""
    listed = "\n".join(f"  {entry}" for entry in faults)
    return [
        Unused(f"{len(faults)} fault(s) were set, but did not happen as often as they were to:\n{listed}\n{_FAULT_REMEDY}")
    ]


def _instead(runs: Sequence[Run], log: Sequence[Logged]) -> str:
    if runs:
        return "Runs started: " + ", ".join(f"{run.id} ({run.assistant_id} on {run.thread_id})" for run in runs)
    if not log:
        return "No run was started, and nothing was sent: does the app reach this backend?"
    return f"No run was started; the last request was {log[-1].sent.method} {log[-1].sent.path}, answered {log[-1].status}."
