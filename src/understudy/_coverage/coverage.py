"""What the suite covered, compared with all there is to cover."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from understudy._coverage import names
from understudy._coverage.response_targets import possible_of_responses
from understudy._coverage.tally import RESPONSES, RUNS, Met, Tally
from understudy._coverage.targets import CoverageTarget, possible
from understudy.errors import nearest


@dataclass(frozen=True, slots=True)
class Row:
    """A target, and how often it was covered.

    `is_omitted`: the project said that its app cannot meet it.
    """

    item: CoverageTarget
    met: Met
    is_omitted: bool = False

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def counts(self) -> bool:
        """Return True if the target is part of the total.

        What was covered counts, even if it is omitted.
        """
        return bool(self.met.count) or (self.item.counts and not self.is_omitted)


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of targets.

    `others`: what was covered though no table has it, such as another server's status.
    """

    name: str
    rows: tuple[Row, ...]
    others: dict[str, Met]

    @property
    def met(self) -> list[Row]:
        return [row for row in self.rows if row.met.count]

    @property
    def missing(self) -> list[Row]:
        return [row for row in self.rows if row.counts and not row.met.count]

    @property
    def total(self) -> int:
        return len(self.met) + len(self.missing)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a suite.

    Its groups, those of the lifecycle and those beside it, and what was counted.
    """

    groups: dict[str, Group]
    tally: Tally

    @property
    def lifecycle(self) -> list[Group]:
        return [group for groups in self.lifecycles.values() for group in groups]

    @property
    def lifecycles(self) -> dict[str, list[Group]]:
        """Return the groups that count, by the API that they are of: `RUNS`, `RESPONSES`."""
        groups = {RUNS: names.LIFECYCLE, RESPONSES: names.LIFECYCLE_OF_RESPONSES}
        return {api: [self.groups[name] for name in groups[api]] for api in self.used}

    @property
    def used(self) -> list[str]:
        """Return the APIs that the suite used; `RUNS` if it used none."""
        return [api for api, is_used in ((RUNS, self.has_runs), (RESPONSES, self.has_responses)) if is_used]

    @property
    def beside(self) -> list[Group]:
        groups = {RUNS: names.BESIDE, RESPONSES: names.BESIDE_RESPONSES}
        wanted = dict.fromkeys(name for api in self.used for name in groups[api])  # faults are of both
        return [self.groups[name] for name in wanted]

    @property
    def has_responses(self) -> bool:
        """Return True if the suite used Responses."""
        return bool(self.tally.met.get(names.RESPONSE_OPERATIONS))

    @property
    def has_runs(self) -> bool:
        """Return True if the suite used Assistants, or neither API."""
        return bool(self.tally.met.get(names.STATUSES)) or not self.has_responses

    @property
    def met(self) -> int:
        return sum(len(group.met) for group in self.lifecycle)

    @property
    def total(self) -> int:
        return sum(group.total for group in self.lifecycle)

    @property
    def percent(self) -> float:
        """Return how much of the lifecycle was covered, 0 to 100.

        With nothing to cover, 100.
        """
        return 100 * self.met / self.total if self.total else 100.0


def coverage_of(tally: Tally, omit: Sequence[str] = ()) -> Coverage:
    """Compare what was covered with what there is to cover.

    Args:
        omit: names of what the app cannot meet, with the wildcards of fnmatch: `requires_action`, `*cancel*`.
    """
    groups = {}
    for name, items in _everything().items():
        met = dict(tally.met.get(name, {}))
        rows = tuple(Row(item, met.pop(item.name, Met()), _is_omitted(item, omit)) for item in items)
        groups[name] = Group(name, rows, dict(sorted(met.items())))
    return Coverage(groups, tally)


def _everything() -> dict[str, list[CoverageTarget]]:
    return {**possible(), **possible_of_responses()}


def _is_omitted(item: CoverageTarget, omit: Sequence[str]) -> bool:
    return any(fnmatchcase(item.name, pattern) for pattern in omit)


def advice(groups: Iterable[Group]) -> Iterable[list[Row]]:
    """Return what is missing, grouped by the script that would cover it.

    Only what a script can cover.
    """
    found: dict[tuple[str, str], list[Row]] = {}
    for row in (row for group in groups for row in group.missing if row.item.script):
        found.setdefault((row.item.script, row.item.trigger), []).append(row)
    return found.values()


def check_omitted(omit: Sequence[str]) -> None:
    """Check that each pattern matches a target.

    Raises:
        ValueError: one that matches nothing; the message names the nearest.
    """
    known = [item.name for items in _everything().values() for item in items]
    for pattern in omit:
        if not any(fnmatchcase(name, pattern) for name in known):
            close = nearest(pattern, known)
            hint = f"Did you mean {' or '.join(map(repr, close))}?" if close else "The report lists all names."
            raise ValueError(f"{pattern!r} matches nothing that can be covered. {hint}")


def shown_percent(percent: float) -> str:
    """Return a percentage with one digit, cut off rather than rounded.

    100 % is shown only when nothing is missing.
    """
    return f"{int(percent * 10 + 1e-9) / 10:g} %"
