"""The runs of one simulation or replay that the app saw.

Which steps they took, and how they went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from understudy._apis.assistants.objects import Run
from understudy._apis.assistants.stream_events import names_of
from understudy._cassettes import Interaction
from understudy._coverage import names
from understudy._coverage.executions_seen import RecordedExecutions, SimulatedExecutions, path_of
from understudy._coverage.tally import RUNS, Tally
from understudy._diagnostics.timeline import run_timeline
from understudy._engine.events import PhaseEvent
from understudy._engine.execution import Step
from understudy._inspect.runs import timelines
from understudy._reconstruct.session_facts import Facts


class SimulatedRuns(SimulatedExecutions[Run]):
    """Runs of a simulated service."""

    def __init__(self, find: Callable[[str], Run | None]) -> None:
        super().__init__(find)
        self._known: dict[str, int] = {}  # how many steps of each run are counted already

    def count(self, execution: Run, tally: Tally, test: str) -> None:
        """Count the steps it took since, and its path once."""
        steps = list(execution.steps)
        for step in steps[self._known.get(execution.id, 0) :]:
            for name in step_types(step):
                tally.meet(names.STEP_TYPES, name, test)
        if execution.id not in self._known:
            path = path_of(_statuses(execution))
            tally.draw(test, RUNS, path, run_timeline(execution) if tally.has_room(test, RUNS, path) else None)
        self._known[execution.id] = len(steps)


class RecordedRuns(RecordedExecutions):
    """Runs that a replayed cassette shows, as far as it was played."""

    unknown = names.STEP_TYPES

    def count(self, played: Sequence[Interaction], tally: Tally, test: str) -> None:
        """Count the paths and steps of those that were not counted before."""
        for timeline in timelines(played):
            if timeline.run_id not in self._counted:
                self._counted.add(timeline.run_id)
                path = path_of(moment.name for moment in timeline.moments if moment.what == "run")
                tally.draw(test, RUNS, path, timeline)
        for run in Facts(played).runs.values():
            types = [name for step in run.steps.values() for name in _recorded_types(step["step_details"])]
            types += [names.step_type("tool_calls", "function") for _ in run.calls_waited_for()]
            types += [names.step_type("message_creation") for _ in run.messages]
            for name in dict.fromkeys(types):  # a step and what it made have the same type
                tally.meet(names.STEP_TYPES, name, test)


def step_types(step: Step) -> list[str]:
    """Return the names of a simulated step's types.

    A step with several kinds of calls has one for each.
    """
    if step.state.message_id is not None:
        return [names.step_type("message_creation")]
    return [names.step_type("tool_calls", kind) for kind in dict.fromkeys(call.kind for call in step.items)]


def _recorded_types(details: dict[str, object]) -> Iterator[str]:
    kind, calls = str(details["type"]), details.get("tool_calls")
    if isinstance(calls, list):
        yield from (names.step_type(kind, call["type"]) for call in calls)
    else:
        yield names.step_type(kind)


def _statuses(run: Run) -> Iterator[str]:
    """Yield the statuses that a run went through."""
    for event in run.execution.events:
        if isinstance(event, PhaseEvent):
            yield from (name.rpartition(".")[2] for name in names_of(event, None))
