"""Determinism of apps across pytest-xdist's workers.

The controller compares what no worker sees alone.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy._properties.determinism import Histories, Next
from understudy.errors import Nondeterministic

_WORKER_KEY = "understudy_histories"
_histories = pytest.StashKey[dict[str, Histories]]()


def histories_of(config: pytest.Config) -> dict[str, Histories]:
    """Return what the cases of this process sent, by test."""
    return config.stash.setdefault(_histories, {})


class WorkerHistories:
    """On a worker: what its cases sent, by test, goes to the controller at the end."""

    def __init__(self, config: Any) -> None:
        self._config = config

    def pytest_sessionfinish(self) -> None:
        """Hand over what is held."""
        held = {test: histories.after for test, histories in histories_of(self._config).items()}
        self._config.workeroutput[_WORKER_KEY] = json.dumps(held)


class ComparedHistories:
    """The controller's side: an app that differs between workers fails the session."""

    def __init__(self) -> None:
        self._histories: dict[str, Histories] = {}
        self._problems: dict[str, Nondeterministic] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 - xdist's signature
        """Compare what a worker's cases sent with those of the others.

        A worker that crashed leaves nothing.
        """
        for test, after in json.loads(getattr(node, "workeroutput", {}).get(_WORKER_KEY, "{}")).items():
            own = Histories({history: Next(*following) for history, following in after.items()})
            problem = self._histories.setdefault(test, Histories()).merge(own)
            if problem is not None:
                self._problems.setdefault(test, problem)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail the session that would have passed."""
        if self._problems and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which tests, and what was sent where."""
        if self._problems:
            terminalreporter.section("understudy: not the same on every worker")
        for test, problem in self._problems.items():
            terminalreporter.line(f"FAIL {test}: {problem}", red=True, bold=True)
