"""Every animal of the zoo is found, shrunk to a small script, in seconds; its corrected twin passes the same hunt."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import understudy

EXAMPLES = Path(__file__).parents[2] / "examples"
ANIMALS = sorted(
    path.stem for path in (EXAMPLES / "bug_zoo").glob("*.py") if path.stem not in ("__init__", "asking", "hunting")
)


@pytest.fixture
def animal(request, monkeypatch):
    """The module of an animal."""
    monkeypatch.syspath_prepend(EXAMPLES)
    yield importlib.import_module(f"bug_zoo.{request.param}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "bug_zoo"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("animal", ANIMALS, indirect=True)
def test_it_is_found_and_small(animal):
    """The hunt finds what is broken, with a script of at most three values that is code to paste."""
    script = animal.hunt(animal.broken)
    assert script is not None
    faults = [fault for fault in script.faults if "Slow" not in repr(fault)]  # the expiry of a trajectory is no value of it
    assert len(script) + len(faults) <= 3
    assert eval(repr(script), vars(understudy) | {name: getattr(understudy, name) for name in understudy.__all__}) == script


@pytest.mark.parametrize(
    "animal",
    [
        pytest.param(animal, marks=() if number % 4 == 0 and animal != "slow_human" else (pytest.mark.deep,), id=animal)
        for number, animal in enumerate(ANIMALS)
    ],
    indirect=True,
)
def test_its_corrected_twin_passes(animal):
    """The same hunt finds nothing."""
    assert animal.hunt(animal.mended) is None


def test_the_zoo_is_listed():
    """Every animal stands in the README's table, with the public issue it is modelled on."""
    text = (EXAMPLES / "bug_zoo" / "README.md").read_text()
    assert sorted(line.split("`")[1] for line in text.splitlines() if line.startswith("| `")) == ANIMALS
