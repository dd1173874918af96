"""The machine that tests of sleeping run on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.diagnostics.machine import Machine, another_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine whose clocks only the test moves."""
    with another_machine() as machine:
        yield machine
