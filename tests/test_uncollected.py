"""Imports without garbage collection: none happens, and what was on is on again."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from understudy._common.uncollected import uncollected

FIRST_USE = """
import gc, sys
before = set(sys.modules)  # such as what measures coverage
import understudy

began = []
gc.callbacks.append(lambda phase, info: phase == "start" and began.append(info))
understudy.{name}
gc.callbacks.clear()
assert len(began) <= 1, began  # the one that is due when it is on again
assert gc.isenabled()
absent = {absent}
assert not absent & set(sys.modules) - before, absent & set(sys.modules) - before
"""


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    was = gc.isenabled()
    gc.enable()
    yield
    if not was:
        gc.disable()


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("simulate", {"understudy.faults", "understudy._faulting", "understudy._cassettes", "httpx", "yaml"}),
        ("use_cassette", {"understudy._backend.backend", "understudy._engine.engine", "sqlite3", "tomllib", "httpx"}),
    ],
)
def test_the_first_use_collects_no_garbage(name: str, absent: set[str]) -> None:
    """Importing what a simulation or a replay needs pauses collections, and brings nothing that neither needs."""
    subprocess.run([sys.executable, "-c", FIRST_USE.format(name=name, absent=absent)], check=True)


def test_collection_is_on_again_after_an_import_that_failed() -> None:
    """An import that fails leaves garbage collection on, as it was."""
    with pytest.raises(ModuleNotFoundError), uncollected():
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401
    assert gc.isenabled()


def test_inside_it_is_off_however_often() -> None:
    """Inside, it is off; a block within a block does not turn it on too early."""
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    """Who has turned garbage collection off finds it off afterwards."""
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
    gc.enable()
