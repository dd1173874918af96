"""The recordings stand beside the repository; where they are not, the tests that need them say so."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.serve.serving import serve as serve
from understudy._cassettes.load import load
from understudy._fidelity.conform import recordings_in
from understudy._fidelity.runner import Outcome, replay
from understudy._fidelity.target import Simulated

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "recordings"
NAMES = sorted(recordings_in(FOLDER)) if FOLDER.is_dir() else []
NEEDS_RECORDINGS = pytest.mark.skipif(not NAMES, reason="the recordings of the real service are not beside this repository")

Replayed = Callable[[str], list[Outcome]]


@cache
def _replayed(name: str) -> list[Outcome]:
    target = Simulated()
    outcomes = replay(load(FOLDER / name), target)
    assert target.backend.close() == [], "the service says that it, or what it was told, is wrong"
    return outcomes


@pytest.fixture
def replayed() -> Replayed:
    """Replays a recording against the simulated service; one that was replayed already is not replayed again."""
    return _replayed
