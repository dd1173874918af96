"""The simulated service against every recording there is."""

from __future__ import annotations

from collections import Counter
from time import gmtime, strftime

import openai
import pytest

from tools.fidelity_page import FolderScore, left_out, markdown
from understudy._fidelity.accepted_differences import ACCEPTED
from understudy._fidelity.conform import is_enough
from understudy._fidelity.score import Score
from understudy._reconstruct.field_dates import KNOWN
from understudy._reconstruct.response_eras import KNOWN_OF_RESPONSES

from .conftest import EACH, FOLDERS, NAMES, NEEDS_RECORDINGS, ROOT, Replayed, learned

pytestmark = [
    NEEDS_RECORDINGS,
    pytest.mark.skipif(openai.VERSION < "2", reason="openai 1.x has no types for items that the recordings hold"),
]


@pytest.mark.parametrize("name", EACH)
def test_every_difference_is_explained(name: str, replayed: Replayed) -> None:
    """What the simulated service answers otherwise than the real one did stands, with its reason, in the list."""
    score = Score()
    score.add(name, replayed(name))
    assert not score.findings, "\n".join(f"{outcome.exchange}\n    {diff}" for _, outcome, diff in score.findings)


@pytest.fixture
def scores(replayed: Replayed) -> list[FolderScore]:
    """The score of each folder of recordings."""
    found = []
    for folder in FOLDERS:
        score = Score()
        names = [name for name in NAMES if name.startswith(f"{folder.name}/")]
        reasons: Counter[str] = Counter()
        for name in names:
            score.add(name, replayed(name))
            reasons += left_out(replayed(name))
        found.append(FolderScore(folder.name, len(names), score, reasons))
    return found


@pytest.fixture
def score(scores: list[FolderScore]) -> Score:
    """The score of all recordings together."""
    return Score.sum(folder.score for folder in scores)


@pytest.mark.deep
def test_enough_exchanges_agree(score: Score, scores: list[FolderScore]) -> None:
    """At least 98 % of all exchanges agree without any excuse (97 % of the Responses API), and 97 % in each folder."""
    assert is_enough(score)
    assert all(folder.score.of_face("assistants").percent >= 97 for folder in scores)


@pytest.mark.deep
def test_nearly_all_recorded_responses_can_be_said(score: Score) -> None:
    """Moves say at least 90 % of the recorded creates of responses."""
    tally = score.operations["responses.create"]
    assert tally.total >= 0.9 * (tally.total + tally.left_out)


@pytest.mark.deep
def test_only_what_is_not_of_this_api_is_left_out(replayed: Replayed) -> None:
    """What was recorded with the v1 header, belongs to another API, or cannot be said is not sent; all else is."""
    reasons = {outcome.left_out for name in NAMES for outcome in replayed(name)}
    assert reasons <= {
        "",
        "recorded with the v1 header, which is not what v2 did",
        "belongs to another API, which is not simulated",
        "the recorder kept nothing of the stream",
        "prompt= is not simulated",
        "moderation is not simulated",
        "tool search is not simulated",
        "no move makes partial images",
        "the recorded request names another model than the one that answered",
    }


@pytest.mark.deep
def test_no_rule_explains_nothing(score: Score) -> None:
    """A rule for a difference that is gone is taken out of the list."""
    assert set(score.rules) == set(ACCEPTED)


@pytest.mark.deep
def test_the_page_is_of_today(scores: list[FolderScore]) -> None:
    """docs/fidelity.md is what its command would write now."""
    page = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    assert page == markdown(scores), (
        "run: python -m tools.fidelity_page ../shared/recordings ../shared/recordings-more ../shared/recordings-responses "
        "docs/fidelity.md"
    )


def test_the_recordings_prove_when_keys_appeared() -> None:
    """Every row of the table of known eras is what the recordings tell, to the day."""
    proven = {
        (owner, path, tag, key, strftime("%Y-%m-%d", gmtime(moment)), operation)
        for (owner, path, tag, operation), key, moment in learned().first_seen()
    }
    known = {tuple(era) for era in (*KNOWN, *KNOWN_OF_RESPONSES) if era.key != "detail"}
    assert known <= proven
    missed = {era for era in proven if era[-1] == "" and era not in known}
    assert not missed, "what the recordings prove of all operations is in the table"
