"""The paths and timelines of the responses that the app saw.

A response that ends with calls goes another way than one that answers, though both are `completed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from understudy._apis.responses.objects import ModelResponse
from understudy._cassettes import Interaction
from understudy._coverage import names
from understudy._coverage.executions_seen import RecordedExecutions, SimulatedExecutions, path_of
from understudy._coverage.tally import RESPONSES, Tally
from understudy._diagnostics.response_timeline import response_timeline
from understudy._diagnostics.timeline import Timeline
from understudy._inspect.response_timelines import response_timelines


class SimulatedResponses(SimulatedExecutions[ModelResponse]):
    """Responses of a simulated service."""

    def __init__(self, find: Callable[[str], ModelResponse | None]) -> None:
        super().__init__(find)
        self._counted: set[str] = set()

    def count(self, execution: ModelResponse, tally: Tally, test: str) -> None:
        """Count its path, once."""
        if execution.id in self._counted:
            return
        self._counted.add(execution.id)
        timeline = response_timeline(execution)
        tally.draw(test, RESPONSES, _path(timeline), timeline)


class RecordedResponses(RecordedExecutions):
    """Responses that a replayed cassette shows, as far as it was played."""

    unknown = names.ITEM_TYPES

    def count(self, played: Sequence[Interaction], tally: Tally, test: str) -> None:
        """Count the paths of those that were not counted before."""
        for timeline in response_timelines(played):
            if timeline.run_id not in self._counted:
                self._counted.add(timeline.run_id)
                tally.draw(test, RESPONSES, _path(timeline), timeline)


def _path(timeline: Timeline) -> str:
    return path_of(moment.begins for moment in timeline.moments if moment.what == "run")
