"""A served simulation: a `Backend`, its exchanges, and what the verbs need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy._backend.backend import Backend
from understudy._common.messages import Answer, Request
from understudy._diagnostics.timeline import Timeline
from understudy._engine.lifecycle import TERMINAL
from understudy._serve import advice
from understudy._serve.exchanges import Exchanges, ServedExchange
from understudy._serve.feed import Feed, RunWatch, watch
from understudy.errors import UnderstudyError

Log = Callable[[str], None]


class Simulation:
    """A served simulation.

    Args:
        name: of the simulation; empty for the default one.
        make: creates its backend, and again on `reset`, with the settings given then.
        log: called with a line for each request and each end of a run; None for no log.
        is_of_a_test: the backend belongs to a test: its messages are for the author, and it cannot be reset.

    Attributes:
        backend: the service; a new one after each reset.
        exchanges: its requests and responses since the last reset.
        initial_mode: the mode of the clock then.
        current_request: the request being answered.
        admin_requests: the number of requests to the admin route since then.
    """

    def __init__(
        self, name: str, make: Callable[..., Backend], log: Log | None = None, *, is_of_a_test: bool = False
    ) -> None:
        self.name = name
        self.is_of_a_test = is_of_a_test
        self.feed = Feed(self._snapshot)
        self._make = make
        self._log = log
        self.reset()

    def reset(self, **settings: Any) -> None:
        """Start anew.

        Raises:
            TypeError, ValueError: invalid settings of a `Backend`; nothing changes.
        """
        self.backend = self._make(**settings)
        self.initial_mode = self.backend.clock.mode
        self.exchanges = Exchanges()
        self.current_request: Request | None = None
        self.admin_requests = 0
        self._found: list[UnderstudyError] = []
        self._runs = RunWatch()
        self._state: Any = None
        self.feed.publish("reset", {})

    # -- requests -------------------------------------------------------------

    def handle(self, request: Request) -> Answer:
        """Respond to a request to the API."""
        entry = self.exchanges.begin(request, self.backend.clock.now())
        self.current_request = request
        answer = self.backend.handle(request)
        if not self.is_of_a_test:
            answer = advice.reword_answer(answer)
        answer = self.exchanges.finish(entry, answer)
        if self._log is not None or self.feed.is_watched:
            self._report(entry)
            answer = watch(answer, lambda piece: self._follow(entry, piece))
        return answer

    # -- what goes wrong --------------------------------------------------------

    def check(self) -> list[UnderstudyError]:
        """Return the problems of the test, including unused scripts, each once."""
        problems = self.backend.close()
        self._found += problems
        return problems

    def take_found(self) -> list[UnderstudyError]:
        """Return the problems that `check` has reported, for the test of this backend."""
        found, self._found = self._found, []
        return found

    def worded(self, text: str) -> str:
        """Reword a message for the readers of this simulation."""
        return text if self.is_of_a_test else advice.worded(text)

    # -- live events -------------------------------------------------------------

    def look(self) -> None:
        """Publish changes: progress of runs, and the state."""
        if self._log is None and not self.feed.is_watched:
            return
        for timeline in self._runs.changes(self.backend):
            self._log_end(timeline)
            if self.feed.is_watched:
                self.feed.publish("run", self._run_json(timeline))
        if self.feed.is_watched:
            state = self._state_json()
            if state != self._state:
                self._state = state
                self.feed.publish("state", state)

    def _follow(self, entry: ServedExchange, piece: bytes) -> None:
        self._runs.learn(entry.method, piece)
        self.look()
        if not piece and self.feed.is_watched:  # the end of a stream
            self.feed.publish("exchange", entry.to_json())

    def _report(self, entry: ServedExchange) -> None:
        if self._log is not None:
            self._log(f"{entry.method:6} {entry.status or 'broken'} {self._prefixed(entry.path)}")
        if self.feed.is_watched:
            self.feed.publish("exchange", entry.to_json())

    def _log_end(self, timeline: Timeline) -> None:
        if self._log is not None and timeline.status in TERMINAL:
            seconds = timeline.moments[-1].at if timeline.moments else 0
            where = f"  (/w/{self.name})" if self.name else ""
            self._log(f"       {timeline.run_id} {timeline.status} after {seconds:g} s{where}")

    def _prefixed(self, path: str) -> str:
        return f"/w/{self.name}{path}" if self.name else path

    def _snapshot(self) -> list[tuple[str, Any]]:
        backend = self.backend
        self._runs.follow(run.id for run in backend.runs if run.status not in TERMINAL)
        runs = [("run", self._run_json(backend.timeline(run.id))) for run in backend.runs]
        exchanges = [("exchange", entry.to_json()) for entry in self.exchanges if entry.verb is None]
        self._state = self._state_json()
        return [("state", self._state), *exchanges, *runs]

    def _state_json(self) -> dict[str, Any]:
        backend = self.backend
        return {
            "now": backend.clock.now(),
            "mode": backend.clock.mode,
            "strict": backend.strict,
            "scripts_left": [self.worded(str(left)) for left in backend.scripts_left],
            "problems": [self.worded(str(problem)) for problem in backend.problems],
            "assistants": [{"id": one.id, "name": one.name, "model": one.model} for one in backend.assistants],
        }

    def _run_json(self, timeline: Timeline) -> dict[str, Any]:
        run = next((run.to_dict() for run in self.backend.runs if run.id == timeline.run_id), None)
        return {"run": run, **timeline_json(timeline)}


def timeline_json(timeline: Timeline) -> dict[str, Any]:
    """Return a timeline as JSON."""
    moments = [{"at": one.at, "what": one.what, "name": one.name, "note": one.note} for one in timeline.moments]
    return {"id": timeline.run_id, "status": timeline.status, "moments": moments}
