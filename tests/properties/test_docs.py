"""Every example in docs/properties.md runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_runner import Block, blocks, execute

EXAMPLES = blocks(Path(__file__).parents[2] / "docs" / "properties.md")


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_the_example_runs(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block runs by itself, without a network, a key or a warning."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    execute(block)
