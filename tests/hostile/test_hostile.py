"""Whatever is sent, the answer is one the service could give, and a refusal leaves everything as it was."""

from __future__ import annotations

from .campaign import campaign

NUMBER = 5000


def test_hostile_requests_are_answered_and_change_nothing() -> None:
    """5,000 requests, the same in every run; `python -m tests.hostile 100000` sends more, and others each time."""
    seen = campaign(NUMBER, derandomize=True)
    assert sum(seen.values()) >= NUMBER
    assert {200, 400, 401, 404, 405, 501} <= set(seen), "the requests are not as varied as they were meant to be"
