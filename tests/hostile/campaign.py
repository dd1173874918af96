"""A number of hostile requests, in worlds of twenty each."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from understudy.exchange import Request

from .invariants import check, world
from .requests import requests

PER_WORLD = 20


def campaign(number: int, **more: Any) -> Counter[int]:
    """Send (at least) this many requests; gives how often each status was answered. `more`: settings of hypothesis."""
    seen: Counter[int] = Counter()

    # Not shrunk: shrinking twenty requests takes minutes, and the assertion names the one that did it.
    @settings(
        max_examples=number // PER_WORLD,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate],
        **more,
    )
    @given(st.lists(requests(), min_size=PER_WORLD, max_size=PER_WORLD))
    def attack(hostile: list[Request]) -> None:
        backend = world()
        seen.update(check(backend, request) for request in hostile)

    attack()
    return seen
