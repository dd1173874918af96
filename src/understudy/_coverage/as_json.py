"""Lifecycle coverage as JSON: everything the page shows, except the timelines."""

from __future__ import annotations

from typing import Any

from understudy._coverage.coverage import Coverage, Group
from understudy._coverage.tally import TestRuns

FORMAT = 2  # raised when a key changes its name or its meaning


def as_json(coverage: Coverage) -> dict[str, Any]:
    """Return the report as plain data."""
    tests = coverage.tally.tests
    return {
        "format": FORMAT,
        "percent": round(coverage.percent, 4),
        "met": coverage.met,
        "total": coverage.total,
        "lifecycle": {group.name: _group(group) for group in coverage.lifecycle},
        "beside": {group.name: _group(group) for group in coverage.beside},
        "tests": {name: _test(runs) for name, runs in sorted(tests.items())},
        "lost_workers": coverage.tally.lost,
    }


def _test(runs: TestRuns) -> dict[str, Any]:
    return {
        "services": runs.services,
        "runs": runs.runs.count,
        "run_paths": dict(sorted(runs.runs.paths.items())),
        "responses": runs.responses.count,
        "response_paths": dict(sorted(runs.responses.paths.items())),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "met": {row.name: {"count": row.met.count, "test": row.met.test} for row in group.met},
        "missing": {row.name: {"script": row.item.script, "trigger": row.item.trigger} for row in group.missing},
        "not_counted": [row.name for row in group.rows if not row.counts],
        "others": {name: {"count": met.count, "test": met.test} for name, met in group.others.items()},
    }
