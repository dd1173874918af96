"""Lifecycle coverage of a pytest session: options, collection, reports.

Imported only if coverage is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from understudy._common.observers import observing
from understudy._coverage import reports
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.coverage import Coverage, check_omitted, coverage_of
from understudy._coverage.tally import Tally

_WORKER_KEY = "understudy_coverage"


class LifecycleCoverage:
    """The coverage of one session.

    An xdist worker only counts, and sends its counts to the controller at the end.

    Raises:
        pytest.UsageError: an unknown kind of report, a report that cannot be written, or not a percentage.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._watch = SuiteWatch()
        self._collected = Tally()
        self._stack = ExitStack()
        self._is_worker = hasattr(config, "workerinput")
        self._fail_under = _percentage(config.getoption("understudy_cov_fail_under"))
        self._omit = config.getini("understudy_cov_omit")
        self._in_terminal, self._files = _reports(config)
        self._coverage: Coverage | None = None
        self._problems: list[str] = []
        try:
            check_omitted(self._omit)
        except ValueError as error:
            raise pytest.UsageError(f"ini understudy_cov_omit: {error}") from None
        self._stack.enter_context(observing(self._watch))

    def pytest_unconfigure(self) -> None:
        self._stack.close()

    # -- while tests run ------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Attribute to a test what is covered from its setup to its teardown."""
        self._watch.test = item.nodeid
        try:
            return (yield)
        finally:
            self._watch.test_ended()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 - xdist's signature
        """Merge the counts of an xdist worker that ended, unless it crashed."""
        counts = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
        if counts is None:
            self._collected.lost.append(str(node.gateway.id))
        else:
            self._collected.merge(Tally.of_data(json.loads(counts)))

    # -- the end ----------------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        self._watch.test_ended()
        if self._is_worker:
            self._config.workeroutput[_WORKER_KEY] = json.dumps(self._watch.tally.as_data())  # type: ignore[attr-defined]
            return
        if self._config.option.collectonly:
            return
        self._collected.merge(self._watch.tally)
        self._coverage = coverage_of(self._collected, self._omit)
        self._problems += reports.write(self._files, self._coverage)
        self._problems += reports.too_little(self._coverage, self._fail_under, "--understudy-cov-fail-under")
        if self._problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._coverage is None:
            return
        terminalreporter.section("understudy lifecycle coverage")
        for line in reports.lines(self._coverage, self._files, in_terminal=self._in_terminal):
            terminalreporter.line(line)
        for problem in self._problems:
            terminalreporter.line(f"FAIL {problem}", red=True, bold=True)


def _percentage(given: str | None) -> float | None:
    try:
        return None if given is None else reports.percentage(given)
    except ValueError as error:
        raise pytest.UsageError(f"--understudy-cov-fail-under={given}: {error}") from None


def _reports(config: pytest.Config) -> tuple[bool, list[tuple[str, Path]]]:
    """Return whether the terminal gets the summary, and the files to write."""
    try:
        return reports.requested(config.getoption("understudy_cov_report") or [])
    except ValueError as error:
        raise pytest.UsageError(f"--understudy-cov-report={error}") from None
