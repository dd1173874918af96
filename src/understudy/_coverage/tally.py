"""What was covered, counted: a value that merges, and travels as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from typing import Any

from understudy._diagnostics.timeline import Moment, Timeline

OUTSIDE = "(outside of tests)"
RUNS, RESPONSES = "runs", "responses"  # the executions of the two APIs
APIS = (RUNS, RESPONSES)
MOST_TIMELINES = 3  # of a test and an API: the first executions of different paths
MOST_TESTS_DRAWN = 200  # whose timelines are kept
MOST_MOMENTS = 40  # of a timeline, of those at which a status begins
Json = dict[str, Any]


@dataclass
class Met:
    """How often a target was covered, and a test that covered it.

    Of several tests, the first by name, so that it is always the same.
    """

    count: int = 0
    test: str = ""

    def add(self, count: int, test: str) -> None:
        self.count += count
        self.test = min(filter(None, (self.test, test)), default="")


@dataclass
class Executions:
    """The runs, or the responses, of one test.

    Attributes:
        count: how many it was shown.
        paths: their paths, `queued-in_progress-completed`, and how many took each.
        timelines: of the first few that went differently.
    """

    count: int = 0
    paths: dict[str, int] = field(default_factory=dict)
    timelines: list[Timeline] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.count > 0

    def has_room(self, path: str) -> bool:
        """Return True if a timeline of this path would be kept."""
        return path not in self.paths and len(self.timelines) < MOST_TIMELINES

    def add(self, path: str, timeline: Timeline | None) -> bool:
        """Count one; return True if its timeline is kept."""
        keeps = timeline is not None and self.has_room(path)
        self.count += 1
        self.paths[path] = self.paths.get(path, 0) + 1
        if keeps and timeline is not None:
            shown = tuple(_changes(timeline.moments))[:MOST_MOMENTS]
            self.timelines.append(Timeline(timeline.run_id, timeline.status, shown))
        return keeps

    def merge(self, other: Executions) -> None:
        """Add those of the same test in another process."""
        self.count += other.count
        for path, count in other.paths.items():
            self.paths[path] = self.paths.get(path, 0) + count
        self.timelines = [*self.timelines, *other.timelines][:MOST_TIMELINES]

    def as_data(self) -> Json:
        """Return plain data."""
        timelines = [[one.run_id, one.status, [list(astuple(moment)) for moment in one.moments]] for one in self.timelines]
        return {"count": self.count, "paths": self.paths, "timelines": timelines}

    @classmethod
    def of_data(cls, data: Json) -> Executions:
        """Return those that `as_data` made data of."""
        timelines = [
            Timeline(run_id, status, tuple(Moment(*moment) for moment in moments))
            for run_id, status, moments in data["timelines"]
        ]
        return cls(data["count"], dict(data["paths"]), timelines)


def _changes(moments: Iterable[Moment]) -> Iterator[Moment]:
    """Yield the moments at which something changes its status."""
    statuses: dict[str, str] = {}
    for moment in moments:
        if moment.begins and statuses.get(moment.what) != moment.begins:
            statuses[moment.what] = moment.begins
            yield moment


@dataclass
class TestRuns:
    """The runs and responses of one test.

    Attributes:
        services: how many simulated services and cassettes it used.
        new: how many targets it covered before every other test of its process.
        runs, responses: those that it was shown.
    """

    services: int = 0
    new: int = 0
    runs: Executions = field(default_factory=Executions)
    responses: Executions = field(default_factory=Executions)

    def of(self, api: str) -> Executions:
        """Return the executions of an API, `RUNS` or `RESPONSES`."""
        return self.responses if api == RESPONSES else self.runs

    @property
    def has_timelines(self) -> bool:
        """Return True if timelines are kept."""
        return bool(self.runs.timelines or self.responses.timelines)


class Tally:
    """What a suite covered.

    Attributes:
        met: by group (`statuses`, `transitions`, ...) and name.
        tests: by node id.
        lost: workers that ended without reporting.
    """

    def __init__(self) -> None:
        self.met: dict[str, dict[str, Met]] = {}
        self.tests: dict[str, TestRuns] = {}
        self.lost: list[str] = []

    def meet(self, group: str, name: str, test: str, count: int = 1) -> None:
        """Count something that a test covered."""
        known = self.met.setdefault(group, {})
        if name not in known:
            known[name] = Met()
            self.of(test).new += 1
        known[name].add(count, test)

    def of(self, test: str) -> TestRuns:
        """Return the runs of a test."""
        return self.tests.setdefault(test, TestRuns())

    def draw(self, test: str, api: str, path: str, timeline: Timeline | None) -> None:
        """Note how a run or a response of a test went.

        Its timeline is kept if it is among the first that went so.
        """
        if self.of(test).of(api).add(path, timeline):
            self._forget_some()

    def has_room(self, test: str, api: str, path: str) -> bool:
        """Return True if a timeline of this path would be kept."""
        return self.of(test).of(api).has_room(path)

    def _forget_some(self) -> None:
        """Keep memory bounded.

        Of the tests with timelines, keep those that covered something first, then the first ones.
        """
        drawn = [name for name, runs in self.tests.items() if runs.has_timelines]
        if len(drawn) > 2 * MOST_TESTS_DRAWN:
            for name in self.by_first_covered(drawn)[MOST_TESTS_DRAWN:]:
                self.tests[name].runs.timelines.clear()
                self.tests[name].responses.timelines.clear()

    def by_first_covered(self, names: Iterable[str]) -> list[str]:
        """Sort tests: those that covered most before all others first, then by name."""
        return sorted(names, key=lambda name: (-self.tests[name].new, name))

    # -- between processes --------------------------------------------------------

    def merge(self, other: Tally) -> None:
        """Add what another process covered."""
        for group, known in other.met.items():
            for name, met in known.items():
                self.met.setdefault(group, {}).setdefault(name, Met()).add(met.count, met.test)
        for test, theirs in other.tests.items():
            ours = self.of(test)
            ours.services += theirs.services
            ours.new += theirs.new
            for api in APIS:
                ours.of(api).merge(theirs.of(api))
            self._forget_some()
        self.lost += other.lost

    def as_data(self) -> Json:
        """Return plain data: dicts, lists, texts and numbers."""
        met = {group: {name: [one.count, one.test] for name, one in known.items()} for group, known in self.met.items()}
        return {"met": met, "tests": {name: _test_data(runs) for name, runs in self.tests.items()}, "lost": self.lost}

    @classmethod
    def of_data(cls, data: Json) -> Tally:
        """Return the tally that `as_data` made data of."""
        tally = cls()
        tally.met = {group: {name: Met(*one) for name, one in known.items()} for group, known in data["met"].items()}
        tally.tests = {name: _test_of(runs) for name, runs in data["tests"].items()}
        tally.lost = list(data["lost"])
        return tally


def _test_data(runs: TestRuns) -> Json:
    return {"services": runs.services, "new": runs.new, **{api: runs.of(api).as_data() for api in APIS}}


def _test_of(data: Json) -> TestRuns:
    return TestRuns(data["services"], data["new"], *(Executions.of_data(data[api]) for api in APIS))
