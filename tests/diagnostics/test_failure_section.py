"""The section under a failed test: how many runs it shows, and how many more there were."""

from __future__ import annotations

import re

import pytest

import understudy as us
from understudy._backend.failure_section import failure_section


@pytest.mark.parametrize("runs", [1, 10, 11, 25])
@pytest.mark.parametrize("most", [4, 8, 14, 15, 60])
def test_every_run_is_shown_or_counted(runs: int, most: int) -> None:
    """The runs that are shown and those that the line before them counts are all the runs there were."""
    with us.simulate(strict=False) as backend:
        for _ in range(runs):
            backend.client().responses.create(model="gpt-4o", input="Hi")
        lines = failure_section(backend).lines(most, is_traced=True)
    shown = [line for line in lines if re.match(r"resp_\w+: ", line)]
    counted = [int(found[1]) for line in lines if (found := re.fullmatch(r"\.\.\. (\d+) more runs? \.\.\.", line))]
    assert len(shown) + sum(counted) == runs
    assert len(counted) == (len(shown) < runs)
    assert len(lines) <= most


def test_one_line_is_for_the_last_run() -> None:
    """Where there is room for one line, it is the last run's, and no count takes its place."""
    with us.simulate(strict=False) as backend:
        ids = [backend.client().responses.create(model="gpt-4o", input="Hi").id for _ in range(12)]
        (_, line) = failure_section(backend).lines(2, is_traced=True)
    assert line.startswith(f"{ids[-1]}: ")
