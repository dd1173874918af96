"""Observe every simulation and replay of a suite, and count what the app saw.

Covered is what an answer, or an event of a stream as far as the app read it, showed: a run that expired unseen is not
covered. A simulation and a replay show the same, so both count alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from understudy._apis import faces
from understudy._apis.assistants.objects import Run
from understudy._apis.common import sse
from understudy._apis.responses.objects import ModelResponse
from understudy._cassettes import Interaction
from understudy._common.messages import Answer, Chunk, Response
from understudy._coverage import names
from understudy._coverage.executions_seen import ExecutionsSeen
from understudy._coverage.response_executions import RecordedResponses, SimulatedResponses
from understudy._coverage.responses_seen import ResponsesSeen
from understudy._coverage.runs_seen import RecordedRuns, SimulatedRuns
from understudy._coverage.tally import OUTSIDE, Tally
from understudy._faulting.fault_context import ArmedFault
from understudy._reconstruct.session_facts import objects_in

MAX_SERVICES = 8  # whose runs and responses are kept; a hypothesis test makes thousands of services
TESTS_MISTAKE = 501  # the status of a mistake in the test: not an answer of the service
_RUN, _RESPONSE = b"thread.run", b'"response"'


class SuiteWatch:
    """Observes a whole suite: an `EngineObserver`.

    Attributes:
        tally: what was covered so far; complete once `test_ended` was called.
        test: the node id of the test that is running.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self.test = OUTSIDE
        self._services: list[ServiceWatch] = []

    def simulation(
        self, run_of: Callable[[str], Run | None], response_of: Callable[[str], ModelResponse | None]
    ) -> ServiceWatch:
        return ServiceWatch(self, SimulatedRuns(run_of), SimulatedResponses(response_of))

    def replay(self, played: Callable[[], Sequence[Interaction]]) -> ServiceWatch:
        return ServiceWatch(self, RecordedRuns(played), RecordedResponses(played))

    def met(self, group: str, name: str) -> None:
        self.tally.meet(group, name, self.test)

    def used(self, service: ServiceWatch) -> None:
        """Note that a service answers.

        Its runs and responses are counted when the test ends, or when too many other services came after it.
        """
        if service in self._services:
            return
        self.tally.of(self.test).services += 1
        self._services.append(service)
        if len(self._services) > MAX_SERVICES:
            self._services.pop(0).fold(self.tally, self.test)

    def test_ended(self) -> None:
        """Count what the runs and responses of this test did."""
        services, self._services = self._services, []
        for service in services:
            service.fold(self.tally, self.test)
        self.test = OUTSIDE


class ServiceWatch:
    """Observes one simulation or replay."""

    def __init__(self, suite: SuiteWatch, runs: ExecutionsSeen, responses: ExecutionsSeen) -> None:
        self._runs = runs
        self._responses = responses
        self._responses_seen = ResponsesSeen(suite.met, lambda one: responses.shown(one, suite.tally, suite.test))
        self._suite = suite
        self._status: dict[str, str] = {}  # the status in which each run was last shown
        self._entry: ArmedFault | None = None  # the fault armed for the request now being answered
        self._counted: dict[int, tuple[ArmedFault, int]] = {}  # each fault, and how often it is counted already

    def fold(self, tally: Tally, test: str) -> None:
        """Count what the runs and responses shown so far did, and drop them."""
        self._runs.fold(tally, test)
        self._responses.fold(tally, test)

    def strikes(self, entry: ArmedFault) -> None:
        self._entry = entry
        self._counted.setdefault(id(entry), (entry, entry.struck))

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
            self._responses_seen.error(answer.status, _json(answer.body))
        elif _RESPONSE in answer.body:
            self._responses_seen.see(_json(answer.body))

    def _watched(self, stream: Iterator[Chunk], entry: ArmedFault | None) -> Iterator[Chunk]:
        """Yield a stream's chunks; count its events as the app reads them."""
        rest = b""
        try:
            for chunk in stream:
                if isinstance(chunk, bytes):
                    rest = self._see_events(rest + chunk)
                self._count_fault(entry)  # here as well: a client that gets an exception may never close the stream
                yield chunk
            if rest:  # a plain answer that was waited for in real time
                self._responses_seen.see(_json(rest))
        finally:
            self._count_fault(entry)

    def _see_events(self, data: bytes) -> bytes:
        """Count the events that are complete, and return the incomplete rest."""
        data = data.replace(b"\r\n", b"\n")
        while (event := data.partition(b"\n\n"))[1]:
            data = event[2]
            for name, value in sse.parse(event[0] + b"\n\n") if event[0].strip() else ():
                if name.startswith("response."):
                    self._responses_seen.event(name, value)
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
        self._runs.shown(run_id, self._suite.tally, self._suite.test)
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
        happened = entry.struck - self._counted[id(entry)][1]
        if happened > 0:
            self._counted[id(entry)] = (entry, entry.struck)
            kind = names.fault(type(entry.fault.what).__name__, entry.fault.phase_of)
            self._suite.tally.meet(names.FAULTS, kind, self._suite.test, happened)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # a fault may have replaced the body
        return None
