"""Lifecycle coverage of a pytest session: its options, who looks on, what is written at the end. Loaded if asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from understudy._common.observers import observing
from understudy._coverage.as_json import as_json
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.coverage import Coverage, check_omitted, coverage_of, shown_percent
from understudy._coverage.tally import Tally
from understudy._coverage.terminal import as_lines

_WORKER_KEY = "understudy_coverage"
_DEFAULTS = {"json": "understudy-cov.json", "html": "understudy-cov.html"}


class LifecycleCoverage:
    """The coverage of one session; on an xdist worker it only counts, and tells the controller at the end.

    Raises:
        pytest.UsageError: a kind of report there is not, a report that cannot be written, a percentage that is none.
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
        """What is met from a test's setup to its teardown is its own."""
        self._watch.test = item.nodeid
        try:
            return (yield)
        finally:
            self._watch.test_ended()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 - xdist's signature
        """An xdist worker ended: what it met is among what it told, unless it crashed."""
        told = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
        if told is None:
            self._collected.lost.append(str(node.gateway.id))
        else:
            self._collected.merge(Tally.of_data(json.loads(told)))

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
        self._problems += _write(self._files, self._coverage)
        if self._fail_under is not None and self._coverage.percent < self._fail_under:
            self._problems.append(
                f"lifecycle coverage of {shown_percent(self._coverage.percent)} is less than the {self._fail_under:g} % "
                "that --understudy-cov-fail-under asks for"
            )
        if self._problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._coverage is None:
            return
        terminalreporter.section("understudy lifecycle coverage")
        if self._in_terminal:
            for line in as_lines(self._coverage):
                terminalreporter.line(line)
        else:
            terminalreporter.line(f"{shown_percent(self._coverage.percent)} of the lifecycle was met")
        for kind, path in self._files:
            terminalreporter.line(f"{kind.upper()} report: {path}")
        for problem in self._problems:
            terminalreporter.line(f"FAIL {problem}", red=True, bold=True)


def _percentage(given: str | None) -> float | None:
    try:
        number = None if given is None else float(given)
    except ValueError:
        number = -1
    if number is not None and not 0 <= number <= 100:
        raise pytest.UsageError(f"--understudy-cov-fail-under={given}: expected a percentage, 0 to 100")
    return number


def _reports(config: pytest.Config) -> tuple[bool, list[tuple[str, Path]]]:
    """Whether the terminal gets the summary, and which files are to be written."""
    in_terminal, files = False, []
    given = config.getoption("understudy_cov_report") or ["term"]
    for text in given:
        kind, _, path = text.partition(":")
        if kind == "term" and not path:
            in_terminal = True
        elif kind in _DEFAULTS:
            files.append((kind, _writable(text, Path(path or _DEFAULTS[kind]).absolute())))
        else:
            raise pytest.UsageError(f"--understudy-cov-report={text}: expected term, json, json:FILE, html or html:FILE")
    return in_terminal, files


def _writable(given: str, path: Path) -> Path:
    """The path, if a file can be written there: said at the start, not when the suite has run for an hour."""
    parent = next(folder for folder in path.parents if folder.exists())
    problem = ""
    if path.is_dir():
        problem = f"{path} is a directory"
    elif not parent.is_dir():
        problem = f"{parent} is not a directory"
    elif not os.access(path if path.exists() else parent, os.W_OK):
        problem = f"{path if path.exists() else parent} is not writable"
    if problem:
        raise pytest.UsageError(f"--understudy-cov-report={given}: {problem}; name a file that can be written")
    return path


def _json_text(coverage: Coverage) -> str:
    return json.dumps(as_json(coverage), indent=2, ensure_ascii=False) + "\n"


def _page(coverage: Coverage) -> str:
    from understudy._coverage.page import as_html

    return as_html(coverage, datetime.now().astimezone())


_WRITERS: dict[str, Callable[[Coverage], str]] = {"json": _json_text, "html": _page}


def _write(files: list[tuple[str, Path]], coverage: Coverage) -> Iterator[str]:
    """Write the reports; gives what went wrong with them."""
    for kind, path in files:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_WRITERS[kind](coverage), encoding="utf-8")
        except OSError as error:
            yield f"the {kind} report was not written: {error}"
