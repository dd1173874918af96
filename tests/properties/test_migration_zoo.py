"""Every animal of the migration zoo is found, shrunk to a small script, in seconds; its corrected twin passes the hunt."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import understudy

EXAMPLES = Path(__file__).parents[2] / "examples"
ANIMALS = sorted(
    path.stem for path in (EXAMPLES / "migration_zoo").glob("*.py") if path.stem not in ("__init__", "asking", "hunting")
)


@pytest.fixture
def animal(request, monkeypatch):
    """The module of an animal."""
    monkeypatch.syspath_prepend(EXAMPLES)
    yield importlib.import_module(f"migration_zoo.{request.param}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "migration_zoo"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("animal", ANIMALS, indirect=True)
def test_it_is_found_and_small(animal):
    """The hunt finds what is broken, with a script of at most three values that is code to paste."""
    script = animal.hunt(animal.broken)
    assert script is not None
    assert len(script) + len(script.faults) <= 3
    assert eval(repr(script), vars(understudy) | {name: getattr(understudy, name) for name in understudy.__all__}) == script


@pytest.mark.parametrize("animal", ANIMALS, indirect=True)
def test_its_corrected_twin_passes(animal):
    """The same hunt finds nothing."""
    assert animal.hunt(animal.mended) is None


def test_the_zoo_is_listed():
    """Eight animals stand in the README's table, each with the public issue that it is modelled on."""
    lines = (EXAMPLES / "migration_zoo" / "README.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == ANIMALS
    assert len(ANIMALS) == 8
    assert all("#" in row.rpartition("|")[0].rpartition("|")[2] for row in rows)
