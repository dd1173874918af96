from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_runner import Block, blocks, execute


@pytest.mark.parametrize("block", blocks(Path(__file__).parents[2] / "docs" / "files.md"), ids=str)
def test_the_examples_of_files_run(block: Block) -> None:
    """Every example in docs/files.md runs by itself."""
    execute(block)
