"""The page's section on tests.

How each test's runs went, and the timelines of the first that went differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from understudy._coverage.tally import MOST_MOMENTS, MOST_TESTS_DRAWN, MOST_TIMELINES, Tally, TestRuns
from understudy._diagnostics.timeline import COLOURS, Moment, Timeline

MOST_TESTS_LISTED = 1000
MAX_PATHS_LISTED = 12  # of a test, in words
_UNKNOWN = "#888888"  # of a status that is not in the lifecycle


def tests(tally: Tally) -> Iterator[str]:
    """Yield the section; tests that covered most before all others come first.

    The section says where it is cut.
    """
    names = tally.by_first_covered(name for name, runs in tally.tests.items() if runs.runs)
    drawn = set([name for name in names if tally.tests[name].timelines][:MOST_TESTS_DRAWN])
    yield "<h2>Tests</h2>"
    yield "<p class=soft>Tests that covered something first come first. Timelines are drawn of the"
    yield f"first {MOST_TIMELINES} runs of a test that went differently, of {MOST_MOMENTS} moments at most."
    if len(names) > MOST_TESTS_DRAWN:
        yield f"Of these {len(names):,} tests, the first {MOST_TESTS_DRAWN:,} have timelines."
    if len(names) > MOST_TESTS_LISTED:
        yield f"The first {MOST_TESTS_LISTED:,} are listed."
    yield "</p><div class=tests>"
    for name in names[:MOST_TESTS_LISTED]:
        yield from _test(name, tally.tests[name], with_timelines=name in drawn)
    yield "</div>"


def _test(name: str, runs: TestRuns, *, with_timelines: bool) -> Iterator[str]:
    ways = sorted(runs.ways.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f" and {len(ways) - 1} other path{'s' if len(ways) > 2 else ''}" if len(ways) > 1 else ""
    noun = "run" if runs.runs == 1 else "runs"
    yield f"<details class=card><summary><code>{escape(name)}</code> <small>{runs.runs:,} {noun}{more}</small>"
    yield f"{_bar(ways[0][0])}</summary>"
    for way, count in ways[:MAX_PATHS_LISTED]:
        yield f"<p><small>{count:,} × {escape(way.replace('-', ' → '))}</small></p>"
    if len(ways) > MAX_PATHS_LISTED:
        yield f"<p><small>and {len(ways) - MAX_PATHS_LISTED:,} other paths</small></p>"
    if with_timelines:
        yield from (_timeline(timeline) for timeline in runs.timelines)
    yield "</details>"


def _bar(way: str) -> str:
    """Return the statuses of a path as a bar, all equally wide: no durations."""
    parts = "".join(f'<span style="background: {COLOURS.get(status, _UNKNOWN)}"></span>' for status in way.split("-"))
    return f'<span class=way role=img aria-label="{escape(way.replace("-", ", "))}">{parts}</span>'


def _timeline(timeline: Timeline) -> str:
    """Return a timeline as SVG, narrow and without ids, which mean nothing here.

    Most readers see it on a phone.
    """
    named = _named(timeline)
    picture = Timeline(timeline.run_id, timeline.status, named).svg(left=98, width=400).replace("<svg ", "<svg role=img ", 1)
    label = escape(f"timeline of {timeline.run_id}: {timeline.status}")
    return f'<div class=scroll role=region tabindex=0 aria-label="{label}">{picture}</div>'


def _named(timeline: Timeline) -> tuple[Moment, ...]:
    """Return its moments, with `step 1`, `message 1` for ids."""
    names: dict[str, str] = {"run": "run"}
    counts: dict[str, int] = {}
    for moment in timeline.moments:
        if moment.what not in names:
            kind = "message" if moment.what.startswith("msg") else "step"
            counts[kind] = counts.get(kind, 0) + 1
            names[moment.what] = f"{kind} {counts[kind]}"
    return tuple(Moment(one.at, names[one.what], one.name, one.note) for one in timeline.moments)
