"""How much is tried: a part of the examples and of the recordings in the suite, all in the cell `deep`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
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


def sampled(every: int) -> pytest.MarkDecorator:
    """Parametrize a test by `every`: of what it goes through, one in so many in the suite, each in the cell `deep`.

    @sampled(5)
    def test_all(every): [... for path in paths[::every]]
    """
    return pytest.mark.parametrize("every", [every, pytest.param(1, marks=pytest.mark.deep)], ids=["sample", "all"])


def one_in(every: int, values: Sequence[Any], ids: Sequence[str] | None = None) -> list[Any]:
    """Parameters, of which all but one in so many are `deep`."""
    names = ids or [str(value) for value in values]
    return [
        pytest.param(value, id=name, marks=[pytest.mark.deep] if number % every else [])
        for number, (value, name) in enumerate(zip(values, names, strict=True))
    ]
