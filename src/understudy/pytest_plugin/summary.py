"""What the terminal says after the tests: lifecycles that were tried, and hints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

LIFECYCLES = "understudy_lifecycles"  # user properties: they travel from xdist workers
HINT = "understudy_hint"

_VARYING = re.compile(r"'[^']*'|\S*[/\\\d]\S*")  # names, paths and numbers: hints that differ only in these are one kind


class Summary:
    """The terminal's summary: which lifecycles were tried, and hints.

    One for each session.
    """

    def __init__(self) -> None:
        self._hints: dict[str, list[str]] = {}
        self._cases: dict[tuple[str, str], Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == LIFECYCLES and (report.when == "call" or not report.passed):
                case = (report.nodeid.partition("[")[0], str(value))
                self._cases.setdefault(case, Counter())[report.outcome] += 1
            elif name == HINT and report.when == "teardown":
                self._hints.setdefault(str(value), []).append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the hints that would make tests better.

        One of each kind, with the first test it is about; all with -v.
        """
        for (test, bound), ended in self._cases.items():
            counted = ", ".join(f"{number} {outcome}" for outcome, number in sorted(ended.items()))
            terminalreporter.line(f"{test}: {bound}; {counted}")
        if self._hints:
            terminalreporter.section("understudy hints")
        kinds: dict[str, list[tuple[str, str]]] = {}
        for hint, tests in self._hints.items():
            kind = hint if terminalreporter.config.get_verbosity() > 0 else _VARYING.sub("*", hint)
            kinds.setdefault(kind, []).extend((test, hint) for test in tests)
        for (test, hint), *others in kinds.values():
            more = f" and {len(others)} more" if others else ""
            terminalreporter.line(f"{test}{more}: {hint}")


def collect_hints(item: pytest.Item, hints: Sequence[str]) -> None:
    """Add hints to what a test reports to the summary."""
    for hint in hints:
        item.user_properties.append((HINT, hint))
