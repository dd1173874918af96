"""The line that sleeps is looked for in whatever the app's files use; this file itself has none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import understudy as us
from tests.diagnostics import sleeping_helper

if TYPE_CHECKING:  # else its file would be one that this one uses
    from tests.diagnostics.machine import Machine

IMPORTS = [sleeping_helper, sleeping_helper.wait, sleeping_helper.Waiter]
used: Any = None  # what the app has imported, in a test


def ask(pause: Any) -> None:
    """Send a few requests; `pause` is called before each."""
    with OpenAI() as client:
        for _ in range(3):
            pause()
            client.beta.threads.create(metadata=json.loads("{}"))


@pytest.mark.parametrize("imported", IMPORTS, ids=lambda it: it.__name__)
def test_it_is_found_in_a_file_that_the_app_uses(imported: Any, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module, a function or a class that the app has imported leads to the file that sleeps, however it is called."""
    monkeypatch.delitem(globals(), "sleeping_helper")
    monkeypatch.setitem(globals(), "used", imported)
    with us.simulate() as backend:
        ask(lambda: machine.block(0.12))
        (hint,) = backend.hints
        backend.hints.clear()
    assert "diagnostics/sleeping_helper.py:9 (" in hint


def test_what_waits_for_something_else_is_not_accused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that was away without a line that sleeps anywhere near is given no hint: it may wait for anything."""
    monkeypatch.delitem(globals(), "sleeping_helper")
    with us.simulate() as backend:
        ask(lambda: machine.block(0.12))
        assert backend.hints == []
