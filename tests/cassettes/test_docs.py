"""The examples in docs/replay.md run as they stand there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs_runner import Block, blocks, execute

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("block", blocks(ROOT / "docs" / "replay.md"), ids=str)
def test_the_example_runs(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The block runs by itself, beside the tutorial's cassette, without a key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shutil.copy(ROOT / "cassettes" / "tutorial.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    execute(block)
