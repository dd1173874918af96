"""What was set up for a test and never happened."""

from __future__ import annotations

from collections.abc import Sequence

from understudy.errors import Unused
from understudy.faulting.struck import SetFault
from understudy.simulation.book import SetScript
from understudy.simulation.objects import Run


def unused_scripts(scripts: Sequence[SetScript], runs: Sequence[Run]) -> list[Unused]:
    """The scripts that no run took, and which runs there were."""
    listed = "\n".join(f"  {script}" for script in scripts)
    return [Unused(f"{len(scripts)} script(s) were set, but no run took them:\n{listed}\n{_runs_seen(runs)}")]


def unused_faults(faults: Sequence[SetFault]) -> list[Unused]:
    """The faults that did not happen, or not as often as they were to."""
    listed = "\n".join(f"  {entry}" for entry in faults)
    return [Unused(f"{len(faults)} fault(s) were set, but did not happen as often as they were to:\n{listed}")]


def _runs_seen(runs: Sequence[Run]) -> str:
    if not runs:
        return "No run was started at all: does the app reach this backend?"
    return "Runs started: " + ", ".join(f"{run.id} ({run.assistant_id} on {run.thread_id})" for run in runs)
