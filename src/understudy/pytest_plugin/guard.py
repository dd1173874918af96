"""`--understudy-guard`, `understudy_guard = true`: a test that sends a request which nothing answers fails, and is named."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from understudy._http.activation import on_guard
from understudy._http.guard import Guard
from understudy.errors import RequestBlocked, raise_all


class SessionGuard:
    """Guards a whole session: its collection, its tests, and what threads send between them."""

    def __init__(self, config: pytest.Config) -> None:
        self._guard = Guard(config.getini("understudy_hosts"), config.getini("understudy_pass_hosts"))
        self._late: list[RequestBlocked] = []
        self._stack = ExitStack()
        self._stack.enter_context(on_guard(self._guard))

    def pytest_unconfigure(self) -> None:
        self._stack.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Return a module that asks when it is imported is not collected."""
        self._guard.test = f"The import of {collector.nodeid or 'a module'}"
        report = yield
        problems = self._guard.take()
        if problems:
            report.outcome, report.longrepr = "failed", _text(problems)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        self._guard.test = item.nodeid
        try:
            return (yield)
        finally:
            self._guard.test = f"A thread that outlived {item.nodeid}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Return a fixture that asks; if it swallows the refusal, the test itself fails."""
        try:
            return (yield)
        except BaseException as error:
            self._beside(item, "setup", error)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Return the test fails in its call phase, even when the app swallowed the refusal."""
        __tracebackhide__ = True
        return (yield from self._failing(item, "call"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        return (yield from self._failing(item, "teardown"))

    def _failing(self, item: pytest.Item, when: str) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        try:
            result = yield
        except BaseException as error:
            self._beside(item, when, error)
            raise
        raise_all(self._guard.take())
        return result

    def _beside(self, item: pytest.Item, when: str, error: BaseException) -> None:
        """What was refused stands beside the failure it led to.

        A test that is skipped for it is not skipped.
        """
        problems = self._guard.take()
        if not problems:
            return
        if isinstance(error, pytest.skip.Exception):
            raise_all(problems)
        item.add_report_section(when, "understudy guard", _text(problems))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What was sent after the last test has no test left to fail: the session fails."""
        self._late = self._guard.take()
        if self._late and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._late:
            terminalreporter.section("understudy guard")
            terminalreporter.line(_text(self._late))


def _text(problems: Sequence[RequestBlocked]) -> str:
    return "\n\n".join(str(problem) for problem in problems)
