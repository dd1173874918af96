"""The simulated service against every recording there is."""

from __future__ import annotations

import pytest

from tools.fidelity_page import markdown
from understudy._fidelity.accepted_differences import ACCEPTED
from understudy._fidelity.conform import NEEDED_PERCENT
from understudy._fidelity.score import Score

from .conftest import NAMES, NEEDS_RECORDINGS, ROOT, Replayed

pytestmark = NEEDS_RECORDINGS


@pytest.mark.parametrize("name", NAMES)
def test_every_difference_is_explained(name: str, replayed: Replayed) -> None:
    """What the simulated service answers otherwise than the real one did stands, with its reason, in the list."""
    score = Score()
    score.add(name, replayed(name))
    assert not score.findings, "\n".join(f"{outcome.exchange}\n    {diff}" for _, outcome, diff in score.findings)


@pytest.fixture
def score(replayed: Replayed) -> Score:
    whole = Score()
    for name in NAMES:
        whole.add(name, replayed(name))
    return whole


def test_enough_exchanges_agree(score: Score) -> None:
    """At least 98 % of all exchanges agree without any excuse, and none was left out."""
    assert score.percent >= NEEDED_PERCENT
    assert score.whole.left_out == 0


def test_no_rule_explains_nothing(score: Score) -> None:
    """A rule for a difference that is gone is taken out of the list."""
    assert set(score.rules) == set(ACCEPTED)


def test_the_page_is_of_today(score: Score) -> None:
    """docs/fidelity.md is what its command would write now."""
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    assert page == markdown(score, len(NAMES)), "run: python -m tools.fidelity_page ../shared/recordings docs/fidelity.md"
