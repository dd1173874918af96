"""Looks for a script with which an app goes wrong: by enumeration, or by chance and shrinking."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import Phase, given, settings
from openai import OpenAI

import understudy
from understudy._properties.explorer import trajectories

TOOLS = [{"type": "function", "function": {"name": "approve"}}]
App = Callable[[OpenAI, str, str], str | None]


def check(app: App, script: Any, time: str = "poll") -> None:
    """An app has done right if it ends, without an error, leaving nothing behind, with the answer that there is.

    Raises:
        Exception: whatever went wrong.
    """
    with understudy.simulate(script=script, time=time) as backend:
        assistant = backend.add_assistant(tools=TOOLS)
        thread = backend.add_thread()
        answer = app(OpenAI(), assistant.id, thread.id)
        backend.client_misuse().check()
        run = backend.runs[-1]
        assert run.status in ("completed", "failed", "incomplete", "expired", "cancelled")
        expected = backend.messages(thread.id)[-1].text if run.status == "completed" else None
        assert answer == expected, f"the app says {answer!r}, and it is {expected!r}"


def enumerated(app: App, *, depth: int, time: str = "poll", **bound: Any) -> Any:
    """The first trajectory with which the app goes wrong, so a smallest one; None if there is none up to the bound."""
    return _first(app, trajectories(depth, **bound), time)


def _first(app: App, scripts: Iterable[Any], time: str) -> Any:
    for script in scripts:
        try:
            check(app, script, time)
        except Exception:
            return script
    return None


def drawn(app: App, scripts: Any, *, time: str = "poll") -> Any:
    """The script to which hypothesis shrinks what the app goes wrong with; None if it finds nothing."""
    failing: list[Any] = []

    @settings(database=None, derandomize=True, deadline=None, max_examples=50, phases=[Phase.generate, Phase.shrink])
    @given(scripts)
    def ask(script: Any) -> None:
        try:
            check(app, script, time)
        except Exception:
            failing.append(script)
            raise

    try:
        ask()
    except Exception:
        return failing[-1]
    return None
