"""What was covered, counted: a value that merges, and travels as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from understudy._diagnostics.timeline import Moment, Timeline

OUTSIDE = "(outside of tests)"
MOST_TIMELINES = 3  # of a test: the first runs of different paths
MOST_TESTS_DRAWN = 200  # whose timelines are kept
MOST_MOMENTS = 40  # of a timeline
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
class TestRuns:
    """The runs of one test.

    Attributes:
        worlds: how many simulated services and cassettes it used.
        runs: how many runs it was shown.
        new: how many targets it covered before every other test of its process.
        ways: the paths of its runs, `queued-in_progress-completed`, and how many took each.
        timelines: of the first few that went differently.
    """

    worlds: int = 0
    runs: int = 0
    new: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    timelines: list[Timeline] = field(default_factory=list)


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

    def draw(self, test: str, way: str, timeline: Timeline | None) -> None:
        """Note how a run of a test went.

        Its timeline is kept if it is among the first that went so.
        """
        runs = self.of(test)
        is_new = way not in runs.ways
        runs.ways[way] = runs.ways.get(way, 0) + 1
        if is_new and timeline is not None and len(runs.timelines) < MOST_TIMELINES:
            moments = timeline.moments[:MOST_MOMENTS]
            runs.timelines.append(Timeline(timeline.run_id, timeline.status, moments))
            self._forget_some()

    def has_room(self, test: str, way: str) -> bool:
        """Return True if a timeline of this path would be kept."""
        runs = self.of(test)
        return way not in runs.ways and len(runs.timelines) < MOST_TIMELINES

    def _forget_some(self) -> None:
        """Keep memory bounded.

        Of the tests with timelines, keep those that covered something first, then the first ones.
        """
        drawn = [name for name, runs in self.tests.items() if runs.timelines]
        if len(drawn) > 2 * MOST_TESTS_DRAWN:
            for name in self.by_first_covered(drawn)[MOST_TESTS_DRAWN:]:
                self.tests[name].timelines.clear()

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
            ours.worlds += theirs.worlds
            ours.runs += theirs.runs
            ours.new += theirs.new
            for way, count in theirs.ways.items():
                ours.ways[way] = ours.ways.get(way, 0) + count
            ours.timelines = [*ours.timelines, *theirs.timelines][:MOST_TIMELINES]
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
    timelines = [
        [one.run_id, one.status, [[moment.at, moment.what, moment.name, moment.note] for moment in one.moments]]
        for one in runs.timelines
    ]
    return {"worlds": runs.worlds, "runs": runs.runs, "new": runs.new, "ways": runs.ways, "timelines": timelines}


def _test_of(data: Json) -> TestRuns:
    timelines = [
        Timeline(run_id, status, tuple(Moment(*moment) for moment in moments))
        for run_id, status, moments in data["timelines"]
    ]
    return TestRuns(data["worlds"], data["runs"], data["new"], dict(data["ways"]), timelines)
