"""Looks for a script with which a port goes wrong: by enumeration, or by chance and shrinking."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import Phase, given, settings
from openai import OpenAI

import understudy
from migration_zoo.asking import INSTRUCTIONS, OVER
from understudy._properties.explorer import trajectories

App = Callable[[OpenAI], str | None]


def check(app: App, script: Any) -> None:
    """A port has done right if it ends, without an error, leaving nothing running, having told the model its instructions
    in every turn, with the answer that there is.

    Raises:
        Exception: whatever went wrong.
    """
    with understudy.simulate(script=script, time="sleep") as backend:
        answer = app(OpenAI())
        turns = [one.json for one in backend.requests if one.method == "POST" and one.path.endswith("/responses")]
        assert all(turn.get("instructions") == INSTRUCTIONS for turn in turns), "a turn without instructions"
        running = [response.id for response in backend.responses if response.status not in OVER]
        assert not running, f"{running} left running"
        expected = _answer(backend.responses[-1])
        assert answer == expected, f"the app says {answer!r}, and it is {expected!r}"


def _answer(response: Any) -> str | None:
    if response.status != "completed" or any(item["type"] == "function_call" for item in response.output):
        return None
    messages = [item for item in response.output if item["type"] == "message"]
    return "".join(part["text"] for message in messages for part in message["content"])


def enumerated(app: App, *, depth: int, hangs: bool = False) -> Any:
    """The first trajectory with which the app goes wrong, so a smallest one; None if there is none up to the bound."""
    for script in trajectories(depth, api="responses", hangs=hangs):
        try:
            check(app, script)
        except Exception:
            return script
    return None


def drawn(app: App, scripts: Any) -> Any:
    """The script to which hypothesis shrinks what the app goes wrong with; None if it finds nothing."""
    failing: list[Any] = []

    @settings(database=None, derandomize=True, deadline=None, max_examples=50, phases=[Phase.generate, Phase.shrink])
    @given(scripts)
    def ask(script: Any) -> None:
        try:
            check(app, script)
        except Exception:
            failing.append(script)
            raise

    try:
        ask()
    except Exception:
        return failing[-1]
    return None
