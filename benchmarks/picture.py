"""Draws the summary of the benchmarks: a bar for each ratio, ours above those of others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from math import log

RATIO = re.compile(r"(?P<who>[A-Za-z][^,/]*? )?(?P<ratio>\d+(?:\.\d+)?)x")
WIDTH, LEFT, BAR, GAP = 960, 470, 14, 12
LONGEST = 64.0  # what a bar of full length stands for; the scale is logarithmic
OURS, THEIRS, GOAL, INK = "#2a7f62", "#9aa5b1", "#c2410c", "#57606a"


def picture(rows: Sequence[Sequence[str]]) -> str:
    """The SVG of a summary.

    Args:
        rows: what was measured, ours, the goal, others beside it, as in the table. Those that are no ratios are left out.
    """
    body: list[str] = []
    top = 34
    for what, ours, goal, beside in rows:
        if not RATIO.match(ours):
            continue
        bars = list(_bars(ours, beside))
        aim = RATIO.match(goal)
        goal_at = _length(float(aim["ratio"])) if aim else 0.0
        what = what.replace("`", "")
        body.append(_text(10, top + BAR - 3, what if len(what) < 78 else f"{what[:76]}...", size=12))
        for who, ratio in bars:
            colour = OURS if who == "ours" else THEIRS
            body.append(
                f'<rect x="{LEFT}" y="{top}" width="{_length(ratio):.1f}" height="{BAR - 3}" rx="2" fill="{colour}"/>'
            )
            crossed = _length(ratio) < goal_at < _length(ratio) + 160  # by the line of the goal: written behind it
            body.append(
                _text(LEFT + (goal_at if crossed else _length(ratio)) + 5, top + BAR - 5, f"{who} {ratio:g}x", size=10)
            )
            top += BAR
        if aim:
            x = LEFT + goal_at
            height = BAR * len(bars)
            body.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - height - 2}" y2="{top}" stroke="{GOAL}" stroke-width="1.5"/>'
            )
        top += GAP
    head = _text(10, 18, "Ratios on a logarithmic scale. Green: understudy; grey: others; red line: the goal", size=11)
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n' + "\n".join([head, *body]) + "\n</svg>\n"


def _bars(ours: str, beside: str) -> Iterator[tuple[str, float]]:
    """Who has which ratio; of several in a cell ("1.1x / 1.2x"), the last, which is of the largest size."""
    for cell, us in ((ours, True), (beside, False)):
        found = {}
        for part in cell.split(", "):
            for match in RATIO.finditer(part):
                found["ours" if us else (match["who"] or next(iter(found), "")).strip()] = float(match["ratio"])
        yield from ((who, ratio) for who, ratio in found.items() if who)


def _length(ratio: float) -> float:
    """How long the bar of a ratio is: one of 1x a sixth of what there is, so that what is below 1 can be seen."""
    least = 0.25
    share = log(max(ratio, least * 1.05) / least) / log(LONGEST / least)
    return min(share, 1.0) * (WIDTH - LEFT - 150)


def _text(x: float, y: float, text: str, *, size: int) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" font-size="{size}" fill="{INK}">{escape(text)}</text>'
