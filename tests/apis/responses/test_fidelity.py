"""The simulated service against recorded sessions of the real one."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from .replaying import FOLDER, Outcome, replay, sessions

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not beside this repository")
NEEDED_PERCENT = 97
SAYABLE_PERCENT = 90


@cache
def outcomes() -> list[Outcome]:
    return [outcome for session in sessions().values() for outcome in replay(session)]


def test_recorded_creates_agree() -> None:
    """At least 97 % of the creates that moves can say agree key by key, and moves can say at least 90 % of them."""
    said = [outcome for outcome in outcomes() if not outcome.unsayable]
    agree = [outcome for outcome in said if not outcome.differences]
    share = 100 * len(agree) / len(said)
    sayable = 100 * len(said) / len(outcomes())
    print(f"{len(agree)} of {len(said)} agree ({share:.2f} %); {sayable:.2f} % of {len(outcomes())} can be said")
    shown = Counter(difference[:120] for outcome in said for difference in outcome.differences)
    assert share >= NEEDED_PERCENT, "\n".join(f"{count} {text}" for text, count in shown.most_common(20))
    assert sayable >= SAYABLE_PERCENT
