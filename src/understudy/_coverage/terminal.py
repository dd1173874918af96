"""Lifecycle coverage as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from understudy._coverage import names
from understudy._coverage.coverage import Coverage, Group, Row, advice, shown_percent

MOST_NAMES = 8  # of missing targets beside the lifecycle; the other reports list them all


def as_lines(coverage: Coverage) -> Iterator[str]:
    """Yield the lines of the summary.

    What was covered, group by group, and what is missing with the script that would cover it.
    """
    width = max(14, *(len(group.name) + 1 for group in (*coverage.lifecycle, *coverage.beside)))
    for group in coverage.lifecycle:
        yield _counted(group, width)
    yield f"{'lifecycle':<{width}}{coverage.met:>3} of {coverage.total:<3} {shown_percent(coverage.percent)}"
    yield ""
    for group in coverage.beside:
        yield _counted(group, width)
    for api, groups in coverage.lifecycles.items():
        missing = list(advice(groups))
        if missing:
            yield ""
            yield f"Missing{f' of {api}' if len(coverage.used) > 1 else ''}, and what would cover it:"
        for rows in missing:
            yield from _advice(rows)
    yield from _beside(coverage)
    yield from (f"{worker} ended without reporting: its coverage is missing here" for worker in coverage.tally.lost)


def _counted(group: Group, width: int) -> str:
    return f"{group.name:<{width}}{len(group.met):>3} of {group.total}"


def _advice(rows: list[Row]) -> Iterator[str]:
    item = rows[0].item
    first, *rest = item.script.splitlines()
    trigger = f"  # {item.trigger}" if item.trigger else ""
    yield f"  {', '.join(row.name for row in rows)}"
    yield f"      {first}{trigger}"
    yield from (f"      {line}" for line in rest)


def _beside(coverage: Coverage) -> Iterator[str]:
    for group in coverage.beside:
        if group.missing and group.name not in (names.ERRORS, names.RESPONSE_ERRORS):
            some = [row.name for row in group.missing]
            more = f", and {len(some) - MOST_NAMES} more" if len(some) > MOST_NAMES else ""
            yield f"{group.name} not covered: {'; '.join(some[:MOST_NAMES])}{more}"
