"""docs/runs.md: its examples run, and its diagrams are what the tables say."""

from __future__ import annotations

import pytest

from tests.docs.drawing import DOC, drawn
from tests.docs_runner import blocks


def test_the_tests_in_runs_md_pass(pytester: pytest.Pytester) -> None:
    """The page's tests pass as a project of their own, each with every way in which its app is written."""
    conftest, *tests = blocks(DOC)
    pytester.makeconftest(conftest.code)
    pytester.makepyfile(**{f"test_line_{block.line}": block.code for block in tests})
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-W", "error", "-W", "ignore:The Assistants API is deprecated")
    count = sum(block.code.count("def test_") * (4 if "ask" in block.code else 1) for block in tests)
    result.assert_outcomes(passed=count)


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    """docs/runs.md shows the lifecycle tables as they are: `python -m tests.docs.drawing` redraws it."""
    text = DOC.read_text(encoding="utf-8")
    assert text == drawn(text)
