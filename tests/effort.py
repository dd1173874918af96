"""How many examples a law is tried on: few in the suite, all in the cell `deep` (`--hypothesis-profile=deep`)."""

from __future__ import annotations

from hypothesis import settings

FULL = 100  # of the profile `deep`, and hypothesis's own
LEAST = 5


def examples(number: int) -> settings:
    """Settings with a share of `number` examples: that of the profile's examples in a hundred.

    @settings(examples(120), deadline=None)
    """
    profile = settings.default
    assert profile is not None
    return settings(max_examples=max(LEAST, number * profile.max_examples // FULL))
