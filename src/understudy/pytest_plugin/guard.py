"""`--understudy-guard` and `understudy_guard = true`: fail unanswered requests.

A test that sends a request for which there is neither a simulator nor a cassette fails, and is
named.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from understudy._http.activation import on_guard
from understudy._http.guard import Guard
from understudy.errors import RequestBlocked, raise_all


class SessionGuard:
    """Guards a whole session: its collection, its tests, and threads between them."""

    def __init__(self, config: pytest.Config) -> None:
        self._guard = Guard(config.getini("understudy_hosts"), config.getini("understudy_pass_hosts"))
        self._late: list[RequestBlocked] = []
        self._stack = ExitStack()
        self._stack.enter_context(on_guard(self._guard))

    def pytest_unconfigure(self) -> None:
        self._stack.close()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Fail the collection of a module that sends a request when imported."""
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
        """Report a request that a fixture sends.

        If the fixture swallows the refusal, the test itself fails.
        """
        try:
            return (yield)
        except BaseException as error:
            self._beside(item, "setup", error)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fail the test in its call phase, even if the app swallowed the refusal."""
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
        """Show the refused requests beside the failure they led to.

        A test that is skipped because of them fails instead.


        """
        problems = self._guard.take()
        if not problems:
            return
        if isinstance(error, pytest.skip.Exception):
            raise_all(problems)
        item.add_report_section(when, "understudy guard", _text(problems))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session for requests sent after the last test.

        No test is left that could fail for them.
        """
        self._late = self._guard.take()
        if self._late and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._late:
            terminalreporter.section("understudy guard")
            terminalreporter.line(_text(self._late))


def _text(problems: Sequence[RequestBlocked]) -> str:
    return "\n\n".join(str(problem) for problem in problems)
