"""Scripts that are generated for both APIs, through a port that is right and through one that is not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import understudy
from tests.parity.apps import NewApp, OldApp
from understudy import AnyFunctionCall, every_lifecycle
from understudy import strategies as us

# 200 take 15 s: `UNDERSTUDY_PARITY_SCRIPTS=200 pytest tests/parity/test_properties.py`.
SCRIPTS = int(os.environ.get("UNDERSTUDY_PARITY_SCRIPTS", "25"))
QUESTION = ("What is the weather?",)


class WithoutOutputs(NewApp):
    """A port that takes a response that calls functions for an answer: it is `completed`."""

    def _ask(self, client: Any, turn: int, question: Any) -> str:
        response = self._create(client, turn, question, is_first=True)
        if response.status != "completed":
            return f"Sorry: {response.status}."
        texts = [item.content[0].text for item in response.output if item.type == "message"]
        return texts[-1] if texts else ""


@settings(max_examples=SCRIPTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(us.run_scripts(api="both"))
def test_a_right_port_is_right_for_every_script(script: Any) -> None:
    """Whatever a model does that both APIs can do, the right port does what the old app did."""
    understudy.parity(OldApp(QUESTION), NewApp(QUESTION), script=script).check()


def test_a_wrong_port_shrinks_to_the_shortest_script() -> None:
    """Of all scripts that tell the apps apart, the one that is left is a call and its answer."""

    def tells_apart(script: Any) -> bool:
        return not understudy.parity(OldApp(QUESTION), WithoutOutputs(QUESTION), script=script).same

    options = settings(max_examples=200, deadline=None, database=None, phases=[Phase.generate, Phase.shrink])
    script: Sequence[Any] = find(us.run_scripts(api="both"), tells_apart, settings=options, random=Random(1))
    assert isinstance(script[0], AnyFunctionCall)
    assert len(script) == 2
    with pytest.raises(AssertionError, match="script=") as failed:
        understudy.parity(OldApp(QUESTION), WithoutOutputs(QUESTION), script=tuple(script)).check()
    assert "AnyFunctionCall(0)" in str(failed.value)
    assert "outcome: old 'completed', new 'waits for outputs'" in str(failed.value)


@every_lifecycle(api="both", depth=3)
def test_a_right_port_is_right_case_by_case(script: Any) -> None:
    """Every lifecycle that both APIs have, up to a bound, one case each."""
    understudy.parity(OldApp(QUESTION), NewApp(QUESTION), script=script).check()
