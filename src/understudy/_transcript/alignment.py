"""Align two sequences, row by row.

What belongs together shares a row; what only one has is alone in its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
GAP_COST = 1.0


def aligned(old: Sequence[T], new: Sequence[T], cost: Callable[[T, T], float | None]) -> list[tuple[T | None, T | None]]:
    """Return the cheapest rows of pairs and single items, both sequences in order.

    Args:
        cost: what it costs to put two items in one row: 0 where they are equal; None where they do not belong together. An
            item alone costs 1. Of rows that cost the same, those that pair come first.
    """
    costs = [[None if row is None else row for row in (cost(a, b) for b in new)] for a in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old), -1, -1):
        for j in range(len(new), -1, -1):
            if i < len(old) or j < len(new):
                best[i][j] = min(_choices(best, costs, i, j))
    rows: list[tuple[T | None, T | None]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        pair, first, _ = _choices(best, costs, i, j)
        if pair == best[i][j]:
            rows.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif first == best[i][j]:
            rows.append((old[i], None))
            i += 1
        else:
            rows.append((None, new[j]))
            j += 1
    return rows


_NEVER = float("inf")


def _choices(best: list[list[float]], costs: list[list[float | None]], i: int, j: int) -> tuple[float, float, float]:
    """Return the costs from here on: pair, leave the old item alone, or the new one."""
    pair = first = second = _NEVER
    if i < len(costs) and j + 1 < len(best[0]):
        own = costs[i][j]
        pair = _NEVER if own is None else own + best[i + 1][j + 1]
    if i < len(costs):
        first = GAP_COST + best[i + 1][j]
    if j + 1 < len(best[0]):
        second = GAP_COST + best[i][j + 1]
    return pair, first, second
