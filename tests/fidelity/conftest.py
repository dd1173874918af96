"""The recordings stand beside the repository; where they are not, the tests that need them say so."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.effort import one_in
from tests.serve.serving import serve as serve
from understudy._cassettes.load import load
from understudy._fidelity.conform import recordings_in
from understudy._fidelity.runner import Outcome, replay
from understudy._fidelity.target import Simulated
from understudy._reconstruct.field_dates import Eras

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
FOLDERS = [
    folder for name in ("recordings", "recordings-more", "recordings-responses") if (folder := SHARED / name).is_dir()
]
NAMES = sorted(f"{folder.name}/{name}" for folder in FOLDERS for name in recordings_in(folder))
NEEDS_RECORDINGS = pytest.mark.skipif(not NAMES, reason="the recordings of the real service are not beside this repository")

EACH = one_in(5, NAMES)

Replayed = Callable[[str], list[Outcome]]


@cache
def learned() -> Eras:
    """When keys appeared, as all recordings together tell it."""
    return Eras(load(SHARED / name) for name in NAMES)


@cache
def _replayed(name: str) -> list[Outcome]:
    target = Simulated()
    outcomes = replay(load(SHARED / name), target, learned())
    assert target.backend.close() == [], "the service says that it, or what it was told, is wrong"
    return outcomes


@pytest.fixture
def replayed() -> Replayed:
    """Replays a recording against the simulated service; one that was replayed already is not replayed again."""
    return _replayed
