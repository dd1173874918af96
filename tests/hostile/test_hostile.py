"""Whatever is sent, the answer is one the service could give, and a refusal leaves everything as it was."""

from __future__ import annotations

import pytest

from .campaign import campaign


@pytest.mark.parametrize("number", [1000, pytest.param(5000, marks=pytest.mark.deep)])
def test_hostile_requests_are_answered_and_change_nothing(number: int) -> None:
    """So many requests, the same in every run; `python -m tests.hostile 100000` sends more, and others each time."""
    seen = campaign(number, derandomize=True)
    assert sum(seen.values()) >= number
    assert {200, 400, 401, 404, 405} <= {status for _, status in seen}, "the requests are not as varied as they should be"
    for api in ("Assistants", "Responses"):
        assert {200, 400} <= {status for of, status in seen if of == api}
        assert sum(count for (of, _), count in seen.items() if of == api) > number / 5
    assert seen["neither", 501]
