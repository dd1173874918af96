"""The page's section on tests.

How each test's runs and responses went, and the timelines of the first that went differently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from understudy._coverage.tally import (
    APIS,
    MOST_MOMENTS,
    MOST_TESTS_DRAWN,
    MOST_TIMELINES,
    RESPONSES,
    Executions,
    Tally,
    TestRuns,
)
from understudy._diagnostics.timeline import COLOURS, UNKNOWN_COLOUR, Moment, Timeline

MOST_TESTS_LISTED = 1000
MAX_PATHS_LISTED = 12  # of a test and an API, in words


def tests(tally: Tally) -> Iterator[str]:
    """Yield the section; tests that covered most before all others come first.

    The section says where it is cut.
    """
    names = tally.by_first_covered(name for name, runs in tally.tests.items() if any(runs.of(api) for api in APIS))
    drawn = set([name for name in names if tally.tests[name].has_timelines][:MOST_TESTS_DRAWN])
    yield "<h2>Tests</h2>"
    yield "<p class=soft>Tests that covered something first come first. Timelines are drawn of the"
    yield f"first {MOST_TIMELINES} {_kinds(tally)} of a test that went differently, of {MOST_MOMENTS} moments at most."
    if len(names) > MOST_TESTS_DRAWN:
        yield f"Of these {len(names):,} tests, the first {MOST_TESTS_DRAWN:,} have timelines."
    if len(names) > MOST_TESTS_LISTED:
        yield f"The first {MOST_TESTS_LISTED:,} are listed."
    yield "</p><div class=tests>"
    for name in names[:MOST_TESTS_LISTED]:
        yield from _test(name, tally.tests[name], with_timelines=name in drawn)
    yield "</div>"


def _kinds(tally: Tally) -> str:
    """Return what the tests were shown, in words."""
    shown = [api for api in APIS if any(runs.of(api) for runs in tally.tests.values())]
    return " and ".join(shown or APIS[:1])


def _test(name: str, runs: TestRuns, *, with_timelines: bool) -> Iterator[str]:
    shown = {api: runs.of(api) for api in APIS if runs.of(api)}
    summary = ", ".join(_summary(api, executions) for api, executions in shown.items())
    bars = "".join(_bar(_by_frequency(executions)[0][0]) for executions in shown.values())
    yield f"<details class=card><summary><code>{escape(name)}</code> <small>{summary}</small>{bars}</summary>"
    for api, executions in shown.items():
        yield from _paths(executions, f"{api}: " if len(shown) > 1 else "")
        if with_timelines:
            title = api[:-1].capitalize()
            numbered = enumerate(executions.timelines, 1)
            yield from (_timeline(replace(one, run_id=f"{title} {number}"), api) for number, one in numbered)
    yield "</details>"


def _summary(api: str, executions: Executions) -> str:
    """Return how many there were, and on how many paths, in words."""
    paths = f" on {len(executions.paths):,} paths" if len(executions.paths) > 1 else ""
    return f"{executions.count:,} {api if executions.count != 1 else api[:-1]}{paths}"


def _by_frequency(executions: Executions) -> list[tuple[str, int]]:
    return sorted(executions.paths.items(), key=lambda pair: (-pair[1], pair[0]))


def _paths(executions: Executions, label: str) -> Iterator[str]:
    paths = _by_frequency(executions)
    for path, count in paths[:MAX_PATHS_LISTED]:
        yield f"<p><small>{label}{count:,} × {escape(path.replace('-', ' → '))}</small></p>"
    if len(paths) > MAX_PATHS_LISTED:
        yield f"<p><small>{label}and {len(paths) - MAX_PATHS_LISTED:,} other paths</small></p>"


def _bar(path: str) -> str:
    """Return the statuses of a path as a bar, all equally wide: no durations."""
    colours = [COLOURS.get(status, UNKNOWN_COLOUR) for status in path.split("-")]
    parts = "".join(f'<span style="background: {colour}"></span>' for colour in colours)
    return f'<span class=path role=img aria-label="{escape(path.replace("-", ", "))}">{parts}</span>'


def _timeline(timeline: Timeline, api: str) -> str:
    """Return a timeline as SVG, narrow and without ids, which mean nothing here.

    Most readers see it on a phone.
    """
    named = _named(timeline, api)
    picture = replace(timeline, moments=named).svg(left=98, width=190).replace("<svg ", "<svg role=img ", 1)
    label = escape(f"timeline of {timeline.run_id}: {timeline.status}")
    return f'<div class=scroll role=region tabindex=0 aria-label="{label}">{picture}</div>'


def _named(timeline: Timeline, api: str) -> tuple[Moment, ...]:
    """Return its moments, with `step 1`, `message 1`, `function call 1` for ids."""
    names: dict[str, str] = {"run": "response" if api == RESPONSES else "run"}
    counts: dict[str, int] = {}
    for moment in timeline.moments:
        if moment.what not in names:
            kind = _KINDS.get(moment.what.partition("_")[0], "item" if api == RESPONSES else "step")
            counts[kind] = counts.get(kind, 0) + 1
            names[moment.what] = f"{kind} {counts[kind]}"
    return tuple(replace(moment, what=names[moment.what]) for moment in timeline.moments)


_KINDS = {  # by the prefix of its id
    "msg": "message",
    "rs": "reasoning",
    "fc": "function call",
    "fs": "file search",
    "ci": "code",
}
