"""The runs of one simulation or replay that the app saw.

Which steps they took, and how they went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from understudy._apis.assistants.objects import Run
from understudy._apis.assistants.stream_events import names_of
from understudy._cassettes import Interaction
from understudy._coverage import names
from understudy._coverage.tally import Tally
from understudy._diagnostics.timeline import run_timeline
from understudy._engine.events import PhaseEvent
from understudy._engine.execution import Step
from understudy._inspect.runs import timelines
from understudy._reconstruct.session_facts import Facts

MAX_KEPT_RUNS = 64  # of a simulation, before they are counted
_SHAPE_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration)


class RunsSeen(Protocol):
    """The runs of one simulation or replay."""

    def shown(self, run_id: str, tally: Tally, test: str) -> None:
        """Note that the app was shown a run."""

    def fold(self, tally: Tally, test: str) -> None:
        """Count what the runs shown so far did, and drop them."""


class SimulatedRuns:
    """Runs of a simulated service: kept, since the app may delete their thread."""

    def __init__(self, run_of: Callable[[str], Run | None]) -> None:
        self._run_of = run_of
        self._runs: dict[str, Run] = {}
        self._known: dict[str, int] = {}  # how many steps of each run are counted already

    def shown(self, run_id: str, tally: Tally, test: str) -> None:
        if run_id not in self._runs:
            run = self._run_of(run_id)
            if run is None:
                return
            if len(self._runs) >= MAX_KEPT_RUNS:
                self.fold(tally, test)
            self._runs[run_id] = run

    def fold(self, tally: Tally, test: str) -> None:
        for run in self._runs.values():
            steps = list(run.steps)
            for step in steps[self._known.get(run.id, 0) :]:
                for name in step_types(step):
                    tally.meet(names.STEP_TYPES, name, test)
            if run.id not in self._known:
                tally.of(test).runs += 1
                way = _way(_statuses(run))
                tally.draw(test, way, run_timeline(run) if tally.has_room(test, way) else None)
            self._known[run.id] = len(steps)
        self._runs.clear()


class RecordedRuns:
    """Runs that a replayed cassette shows, as far as it was played."""

    def __init__(self, played: Callable[[], Sequence[Interaction]]) -> None:
        self._played = played
        self._is_shown = False

    def shown(self, run_id: str, tally: Tally, test: str) -> None:  # noqa: ARG002 - the played exchanges show it
        self._is_shown = True

    def fold(self, tally: Tally, test: str) -> None:
        if not self._is_shown:
            return
        self._is_shown = False
        try:
            self._fold(self._played(), tally, test)
        except _SHAPE_ERRORS as error:  # a run of another server; its statuses are counted already
            tally.meet(names.STEP_TYPES, f"unknown: objects are not shaped as the API's ({type(error).__name__})", test)

    def _fold(self, played: Sequence[Interaction], tally: Tally, test: str) -> None:
        for timeline in timelines(played):
            tally.of(test).runs += 1
            tally.draw(test, _way(moment.name for moment in timeline.moments if moment.what == "run"), timeline)
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


def _way(statuses: Iterator[str]) -> str:
    """Return the statuses of a run as a path, each change once."""
    way: list[str] = []
    for status in statuses:
        if status != "created" and way[-1:] != [status]:
            way.append(status)
    return "-".join(way)
