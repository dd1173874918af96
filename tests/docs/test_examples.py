"""Every example in the documentation runs."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from docs_runner import Block, blocks, execute

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = [block for name in ("runs.md", "faults.md") for block in blocks(DOCS / name)]


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_the_example_runs(block: Block, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The block runs by itself, without a network, a key or a warning."""

    def refuse(*_: object) -> None:
        raise AssertionError("an example tried to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    execute(block)
