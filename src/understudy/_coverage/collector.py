"""Looks on at every world of a suite, and counts what its answers showed to the app.

What counts is what an answer, or an event of a stream as far as the app read it, showed: a run that expired unseen was not
met. What was shown is the same in a simulation and in a replay, so both count alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from understudy._apis import faces
from understudy._apis.assistants.objects import Run
from understudy._apis.common import sse
from understudy._cassettes import Interaction
from understudy._common.messages import Answer, Chunk, Response
from understudy._coverage import names
from understudy._coverage.responses_seen import ResponsesSeen
from understudy._coverage.runs_seen import RecordedRuns, RunsSeen, SimulatedRuns
from understudy._coverage.tally import OUTSIDE, Tally
from understudy._faulting.fault_context import ArmedFault
from understudy._reconstruct.session_facts import objects_in

MOST_WORLDS = 8  # whose runs are held on to; a hypothesis test makes thousands
TESTS_MISTAKE = 501  # what the test got wrong: nothing that the service answered
_RUN, _RESPONSE = b"thread.run", b'"response"'


class SuiteWatch:
    """Looks on for a whole suite: an `EngineObserver`.

    Attributes:
        tally: what was met so far; complete once `test_ended` was called.
        test: the node id of the test that runs now.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.test = OUTSIDE
        self._worlds: list[WorldWatch] = []

    def simulation(self, run_of: Callable[[str], Run | None]) -> WorldWatch:
        return WorldWatch(self, SimulatedRuns(run_of))

    def replay(self, played: Callable[[], Sequence[Interaction]]) -> WorldWatch:
        return WorldWatch(self, RecordedRuns(played))

    def met(self, group: str, name: str) -> None:
        self.tally.meet(group, name, self.test)

    def used(self, world: WorldWatch) -> None:
        """A world answers: its runs are counted when the test ends, or when too many other worlds came after it."""
        if world in self._worlds:
            return
        self.tally.of(self.test).worlds += 1
        self._worlds.append(world)
        if len(self._worlds) > MOST_WORLDS:
            self._worlds.pop(0).runs.fold(self.tally, self.test)

    def test_ended(self) -> None:
        """Count what the runs of this test did."""
        worlds, self._worlds = self._worlds, []
        for world in worlds:
            world.runs.fold(self.tally, self.test)
        self.test = OUTSIDE


class WorldWatch:
    """Looks on at one world."""

    def __init__(self, suite: SuiteWatch, runs: RunsSeen) -> None:
        self.runs = runs
        self.responses = ResponsesSeen(suite.met)
        self._suite = suite
        self._status: dict[str, str] = {}  # the status in which each run was shown last
        self._entry: ArmedFault | None = None  # the fault that the request now being answered meets
        self._struck: dict[int, tuple[ArmedFault, int]] = {}  # how often each happened, as far as it is counted

    def strikes(self, entry: ArmedFault) -> None:
        self._entry = entry
        self._struck.setdefault(id(entry), (entry, entry.struck))

    def answered(self, method: str, path: str, answer: Answer) -> None:
        entry, self._entry = self._entry, None
        route = faces.ALL.find(method, path)
        operation, of_responses = route.operation, route.face is faces.RESPONSES
        if operation is None:
            return
        self._suite.used(self)
        if isinstance(answer, Response) and answer.status == TESTS_MISTAKE:
            return
        self._suite.met(names.RESPONSE_OPERATIONS if of_responses else names.OPERATIONS, operation.name)
        if isinstance(answer, Response) and answer.stream is not None:
            answer.stream = self._watched(answer.stream, entry)
            return
        self._count_fault(entry)
        if not isinstance(answer, Response):
            return
        if of_responses:
            self._see_responses(answer)
        elif answer.status >= 400:
            self._suite.met(names.ERRORS, names.error(answer.status, _json(answer.body)))
        elif _RUN in answer.body:
            self._see(_json(answer.body))

    def _see_responses(self, answer: Response) -> None:
        if answer.status >= 400:
            self.responses.error(answer.status, _json(answer.body))
        elif _RESPONSE in answer.body:
            self.responses.see(_json(answer.body))

    def _watched(self, stream: Iterator[Chunk], entry: ArmedFault | None) -> Iterator[Chunk]:
        """Return a stream, its events counted as the app reads them."""
        rest = b""
        try:
            for chunk in stream:
                if isinstance(chunk, bytes):
                    rest = self._see_events(rest + chunk)
                self._count_fault(entry)  # here, too: a client that an exception reaches may never close the stream
                yield chunk
        finally:
            self._count_fault(entry)

    def _see_events(self, data: bytes) -> bytes:
        """Count the events that are complete, and give back what is not."""
        data = data.replace(b"\r\n", b"\n")
        while (event := data.partition(b"\n\n"))[1]:
            data = event[2]
            for name, value in sse.parse(event[0] + b"\n\n") if event[0].strip() else ():
                if name.startswith("response."):
                    self.responses.event(name, value)
                    continue
                self._suite.met(names.EVENTS, name)
                if name.startswith("thread.run") and not name.endswith(".delta"):
                    self._see(value)
        return data

    def _see(self, value: Any) -> None:
        for shown in objects_in(value):
            if shown["object"] == "thread.run":
                self._see_run(shown)

    def _see_run(self, shown: dict[str, Any]) -> None:
        run_id, status = shown["id"], str(shown.get("status"))
        before = self._status.get(run_id)
        self.runs.shown(run_id, self._suite.tally, self._suite.test)
        if status == before:
            return
        self._status[run_id] = status
        self._suite.met(names.STATUSES, status)
        if before is not None:
            self._suite.met(names.TRANSITIONS, names.transition(before, status))
        for details, key in (("last_error", "code"), ("incomplete_details", "reason")):
            why = shown.get(details)
            if isinstance(why, dict) and why.get(key):
                self._suite.met(names.OUTCOMES, names.outcome(status, why[key]))

    def _count_fault(self, entry: ArmedFault | None) -> None:
        if entry is None:
            return
        happened = entry.struck - self._struck[id(entry)][1]
        if happened > 0:
            self._struck[id(entry)] = (entry, entry.struck)
            kind = names.fault(type(entry.fault.what).__name__, entry.fault.phase_of)
            self._suite.tally.meet(names.FAULTS, kind, self._suite.test, happened)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # a fault may have made anything of it
        return None
