"""What a test leaves behind: nothing of its world, and no word unsaid about what outlived it."""

from __future__ import annotations

import gc
import warnings

import pytest

from tests.pytest_plugin.conftest import INI

KEPT = """
    import gc, json, weakref
    import pytest
    from openai import OpenAI

    kept = []

    @pytest.mark.parametrize("number", range({tests}))
    def test_it({fixture}, number):
        if number % 50 == 0:
            OpenAI().beta.threads.create()
        kept.append(weakref.ref({world}))
        if number == {tests} - 1:
            gc.collect()
            assert sum(one() is not None for one in kept) == 1  # its own
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with nothing in it, run in a process in which earlier tests have left nothing to collect."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # clients that apps of other tests did not close
        gc.collect()
    pytester.makeini(INI)
    return pytester


@pytest.mark.parametrize("option", [pytest.param("--color=no", marks=pytest.mark.deep), "--understudy-cov"])
def test_worlds_are_released(project: pytest.Pytester, option: str) -> None:
    """Of a thousand worlds of the fixture, only the one of the test that runs is alive."""
    project.makepyfile(KEPT.format(tests=1000, fixture="understudy", world="understudy"))
    project.runpytest("-q", option).assert_outcomes(passed=1000)


def test_cassettes_are_released(project: pytest.Pytester) -> None:
    """Nor does a test keep the recording that it has played."""
    project.makefile(".json", **{"cassettes/c": '{"version": 1, "interactions": []}'})
    text = KEPT.replace("number % 50 == 0", "False").replace(
        "@pytest.mark.param", '@pytest.mark.cassette("c.json")\n    @pytest.mark.param'
    )
    project.makepyfile(text.format(tests=50, fixture="understudy_cassette", world="understudy_cassette._session"))
    project.runpytest("-q").assert_outcomes(passed=50)


def test_a_stray_is_shown_at_the_end(project: pytest.Pytester) -> None:
    """What a thread asked after its test is told in the summary, with the test that started it; it fails nothing."""
    project.makepyfile(
        """
        import threading
        from openai import OpenAI

        go, done = threading.Event(), threading.Event()

        def late():
            go.wait(20)
            try:
                OpenAI(max_retries=0).beta.threads.create()
            except Exception:
                pass
            done.set()

        def test_first(understudy):
            threading.Thread(target=late, name="late").start()

        def test_second(understudy):
            go.set()
            assert done.wait(20)
            assert understudy.requests == []
        """
    )
    result = project.runpytest()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*understudy hints*", "*the thread 'late', which was started in*::test_first. That has ended*"]
    )
