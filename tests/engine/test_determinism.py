"""The same test gives the same bytes: again, in another process, under another hash seed, on another Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.engine.transcript import transcript

ROOT = Path(__file__).parents[2]
# A generation of openai writes its requests its own way, so only runs of the same one are compared.
OTHER_PYTHON = os.environ.get("UNDERSTUDY_OTHER_PYTHON")


def digest(python: str, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [python, "-W", "ignore", "-m", "tests.engine.transcript"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.deep)])
def test_the_same_bytes_every_time(times):
    """Repeats of a long test give one transcript."""
    assert len({transcript() for _ in range(times)}) == 1


@pytest.mark.parametrize("hash_seed", ["4711", pytest.param("0", marks=pytest.mark.deep)])
def test_other_hash_seeds(hash_seed):
    """Neither the process nor Python's hash seed shows in the bytes."""
    assert digest(sys.executable, hash_seed) == sha256(transcript()).hexdigest()


@pytest.mark.tools
@pytest.mark.skipif(OTHER_PYTHON is None, reason="UNDERSTUDY_OTHER_PYTHON names no interpreter with the same openai")
def test_another_python():
    """The interpreter does not show either: set UNDERSTUDY_OTHER_PYTHON to one that has the same openai."""
    other = shutil.which(str(OTHER_PYTHON))
    assert other is not None
    assert digest(other, "1") == sha256(transcript()).hexdigest()
