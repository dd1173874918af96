"""A number of hostile requests, in worlds of twenty each: five drawn ones, as drawn and by each of three methods."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from understudy._apis import faces
from understudy._apis.common.routing import api_path
from understudy._common.messages import Request

from .invariants import check, world
from .requests import requests

DRAWN = 5
METHODS = ("GET", "POST", "DELETE")
PER_WORLD = DRAWN * (1 + len(METHODS))


def campaign(number: int, **more: Any) -> Counter[tuple[str, int]]:
    """Send (at least) this many requests; gives how often each status was answered, by API.

    `more`: settings of hypothesis. Paths that are of no operation count as those of "neither".
    """
    seen: Counter[tuple[str, int]] = Counter()

    # Not shrunk: shrinking a whole world takes minutes, and the assertion names the one that did it.
    @settings(
        max_examples=number // PER_WORLD,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate],
        **more,
    )
    @given(st.lists(requests(), min_size=DRAWN, max_size=DRAWN))
    def attack(hostile: list[Request]) -> None:
        backend = world()
        for drawn in hostile:
            for method in (drawn.method, *METHODS):
                request = Request(method, drawn.url, drawn.headers, drawn.body)
                seen[api_of(request), check(backend, request)] += 1

    attack()
    return seen


def api_of(request: Request) -> str:
    """The API that a request's path belongs to."""
    route = faces.ALL.find(request.method, api_path(request.path))
    if route.operation is None and not route.allowed:
        return "neither"
    return "Responses" if api_path(request.path).startswith(("/responses", "/conversations")) else "Assistants"
