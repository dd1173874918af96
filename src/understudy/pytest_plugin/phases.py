"""The phases of a test: setup, call, report and teardown.

A test fails for its own mistakes in its call phase, by what its fixtures say when they are asked at its end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from understudy.pytest_plugin.summary import LIFECYCLES, collect_hints

if TYPE_CHECKING:
    from understudy.errors import UnderstudyError

_problems = pytest.StashKey[list[Any]]()  # callables that return problems at the end of the call phase, innermost first
_call_failed = pytest.StashKey[bool]()
_MODULES_IN_USE = ("_http.current", "pytest_plugin.settings")  # imported once a test simulates, replays or is marked
_beside = pytest.StashKey["list[UnderstudyError]"]()  # what went wrong on the test's side while it failed by itself


@contextmanager
def asked_at_the_end(item: pytest.Item, problems: Callable[[], list[UnderstudyError]]) -> Iterator[None]:
    """Ask for problems at the end of the call phase.

    Only until the fixture ends: an item lives as long as the session.
    """
    asked = item.stash.setdefault(_problems, [])
    asked.insert(0, problems)
    try:
        yield
    finally:
        asked.remove(problems)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Compare a case of `every_lifecycle` with its other cases."""
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if getattr(script, "is_compared", False):
        from understudy.pytest_plugin.settings import witness_for

        script.witness = witness_for(item, script)


def failed(item: pytest.Item) -> bool:
    """Return whether a test failed; one that was not called failed in its setup."""
    return item.stash.get(_call_failed, True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test for its own mistakes in its call phase: FAILED, not ERROR.

    Even when the app swallowed them.
    """
    item.stash[_call_failed] = True
    try:
        result = yield
    except BaseException as error:
        item.stash[_call_failed] = not isinstance(error, pytest.skip.Exception)
        problems = _ask(item, passed=False)
        _skip_unperformable(item, [error, *problems])
        _explain(item, error)
        item.stash[_beside] = problems  # the test's own failure goes first
        raise
    if getattr(item, "_excinfo", None):  # a unittest.TestCase fails without raising here
        item.stash[_beside] = _ask(item, passed=False)
        return result
    problems = _ask(item, passed=True)
    if problems:
        from understudy.errors import raise_all

        _skip_unperformable(item, problems)
        try:
            raise_all(problems)
        except AssertionError as error:
            _explain(item, error)
            raise
    item.stash[_call_failed] = False
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Improve the report of a failed test; name the fixture that supplies an API key."""
    report = yield
    hint = ""
    if (
        report.failed
        and call.excinfo is not None
        and "OPENAI_API_KEY" in call.excinfo.exconly()
        and _problems not in item.stash
    ):
        hint = _how_to_get_a_key(item)
    if report.failed and (hint or any(f"understudy.{name}" in sys.modules for name in _MODULES_IN_USE)):
        from understudy.pytest_plugin.failure_reports import improve

        beside = [str(problem) for problem in item.stash.get(_beside, [])] if call.when == "call" else []
        improve(report, item, call.excinfo.value if call.excinfo is not None else None, beside, hint)
    return report


def _how_to_get_a_key(item: pytest.Item) -> str:
    if "understudy" in getattr(item, "fixturenames", ()):
        return (
            "A fixture builds an OpenAI client before `understudy` is set up: make that fixture request `understudy`, too."
        )
    return (
        "This test does not request the fixture `understudy`, so nothing is simulated and no API key is supplied. "
        f"To simulate the API here: `def {getattr(item, 'originalname', item.name)}(understudy)`, "
        "or @pytest.mark.understudy before it."
    )


def _skip_unperformable(item: pytest.Item, problems: Sequence[BaseException]) -> None:
    """Skip a generated case that calls a function in an app whose runs have none.

    It says nothing about the app.
    """
    from understudy.errors import NoFunction

    if any(name == LIFECYCLES for name, _ in item.user_properties):
        for problem in problems:
            if isinstance(problem, NoFunction):
                pytest.skip(str(problem))


def _explain(item: pytest.Item, error: BaseException) -> None:
    backend: Any = getattr(item, "funcargs", {}).get("understudy")
    if backend is not None and isinstance(error, Exception):
        backend.explain(error)


def _ask(item: pytest.Item, *, passed: bool) -> list[UnderstudyError]:
    problems = [problem for close in item.stash.get(_problems, []) for problem in close()]
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    witness = getattr(script, "witness", None)
    if witness is not None:
        script.witness = None
        problems += witness.problems(passed=passed and not problems)
    return problems


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Collect hints of simulations that the test made itself.

    Also of requests that left the process meanwhile.
    """
    try:
        return (yield)
    finally:
        for name, take in (("_backend.simulate", "take_hints"), ("_http.refusing", "take_strays")):
            module = sys.modules.get(f"understudy.{name}")  # imported once a simulation was made
            if module is not None:
                collect_hints(item, getattr(module, take)())
