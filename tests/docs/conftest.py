"""One process for all commands of the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.page import Warm


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """Execute Python modules as commands, each forked from a process that has imported the SDK."""
    process = Warm(tmp_path_factory.mktemp("warm"))
    yield process
    process.close()
