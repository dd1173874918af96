"""Every example in the documentation runs, and every diagram is what the tables say."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from docs_runner import Block, blocks, execute

from docs.drawing import DOC, drawn

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("block", blocks(DOCS / "faults.md"), ids=str)
def test_the_example_runs(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The block runs by itself, without a network, a key or a warning."""

    def refuse(*_: object) -> None:
        raise AssertionError("an example tried to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    execute(block)


def test_the_tests_in_runs_md_pass(pytester: pytest.Pytester) -> None:
    """The page's tests pass as a project of their own, each with every way in which its app is written."""
    conftest, *tests = blocks(DOC)
    pytester.makeconftest(conftest.code)
    pytester.makepyfile(**{f"test_line_{block.line}": block.code for block in tests})
    result = pytester.runpytest_subprocess(
        "-p", "no:asyncio", "-W", "error", "-W", "ignore:The Assistants API is deprecated"
    )
    count = sum(block.code.count("def test_") * (4 if "ask" in block.code else 1) for block in tests)
    result.assert_outcomes(passed=count)


def test_the_diagrams_are_drawn_from_the_tables() -> None:
    """docs/runs.md shows the lifecycle tables as they are: `python -m docs.drawing` redraws it."""
    text = DOC.read_text(encoding="utf-8")
    assert text == drawn(text)
