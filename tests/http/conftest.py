"""Fixtures of the tests of interception."""

from __future__ import annotations

import gc

import pytest

from understudy._http import current


@pytest.fixture
def unhooked() -> None:
    """Take away the hooks that stay for what earlier tests of this process started.

    Some of it cannot be collected: pytester records what the inner run of an earlier test called, tasks and all.
    """
    if current.may_still_ask():
        gc.collect()
    for frame in [*current._lingering]:
        current._discard(frame)
