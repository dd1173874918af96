"""Lifecycle coverage as a self-contained page without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from understudy._common.short_text import counted
from understudy._coverage import names
from understudy._coverage.coverage import Coverage, Group, Row, advice, shown_percent
from understudy._coverage.graph import OF_RESPONSES, OF_RUNS, Picture, as_svg, in_words, kind_of, marks
from understudy._coverage.page_style import STYLE
from understudy._coverage.page_tests import tests
from understudy._coverage.tally import RESPONSES, RUNS

_MARKS = {"met": "✓", "missed": "✗", "omitted": "·"}
TITLE = "Lifecycle coverage"


def as_html(coverage: Coverage, made_at: datetime) -> str:
    """Return the whole page. `made_at`: the time it shows."""
    body = "\n".join([*_head(coverage, made_at), *_lifecycle(coverage), *_tables(coverage), *tests(coverage.tally)])
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}: {shown_percent(coverage.percent)}</title>\n"
        f"<style>\n{STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


# -- at a glance --------------------------------------------------------------------


def _head(coverage: Coverage, made_at: datetime) -> Iterator[str]:
    yield f"<header><h1>{TITLE}</h1>"
    yield f"<p class=percent>{shown_percent(coverage.percent)}</p>"
    of, kinds = _words(coverage)
    yield f"<p>of the lifecycle of {of} was covered: {coverage.met} of {coverage.total} statuses, transitions, {kinds} and"
    yield f"outcomes{_by(coverage)}.</p>"
    for worker in coverage.tally.lost:
        yield f"<p><strong>Worker {escape(worker)} ended without reporting: its coverage is missing here.</strong></p>"
    yield f'<p class=soft><small>pytest-understudy, <time datetime="{made_at.isoformat(timespec="seconds")}">'
    yield f"{made_at:%Y-%m-%d %H:%M}</time></small></p></header>"
    yield "<nav class=figures aria-label=Groups>"
    yield from (_figure(group, "card") for group in coverage.lifecycle)
    yield from (_figure(group, "card beside") for group in coverage.beside)
    yield "</nav>"


def _words(coverage: Coverage) -> tuple[str, str]:
    """Return what the lifecycle is of, and its kinds of targets, in words."""
    if not coverage.has_responses:
        return "runs", "step types"
    return ("runs and responses", "step and item types") if coverage.has_runs else ("responses", "item types")


def _by(coverage: Coverage) -> str:
    """Return what covered it, in words: runs, responses, tests."""
    shown = [runs for runs in coverage.tally.tests.values() if any(runs.of(api) for api in coverage.used)]
    counts = [counted(sum(runs.of(api).count for runs in shown), api[:-1]) for api in coverage.used]
    return f", by {' and '.join(counts)} in {counted(len(shown), 'test')}"


def _figure(group: Group, classes: str) -> str:
    share = 100 * len(group.met) / group.total if group.total else 100
    return (
        f'<a class="{classes}" href="#{_anchor(group)}"><b>{len(group.met)}</b> of {group.total}'
        f"<br><small>{group.name}</small>"
        f'<div class=track><span style="width: {share:.1f}%"></span></div></a>'
    )


def _anchor(group: Group) -> str:
    return group.name.replace(" ", "-")


# -- the lifecycle, and what is missing of it -----------------------------------------


def _lifecycle(coverage: Coverage) -> Iterator[str]:
    for api, groups in coverage.lifecycles.items():
        picture = {RUNS: OF_RUNS, RESPONSES: OF_RESPONSES}[api]
        yield f"<h2>The lifecycle of a {picture.of}</h2><div class=two><figure class=card>"
        yield as_svg(coverage, picture)
        yield from marks(coverage, picture)
        yield "</figure>"
        yield from _missing(picture, list(advice(groups)))
        yield "</div>"


def _missing(picture: Picture, missing: list[list[Row]]) -> Iterator[str]:
    """Yield what is missing of a lifecycle, with scripts."""
    title = f"missing-of-a-{picture.of}"
    yield f"<section class=card aria-labelledby={title}><h3 id={title}>Missing</h3>"
    if not missing:
        yield "<p>Nothing: the app covered all of it.</p>"
    else:
        yield "<p class=soft><small>Each with the code that would cover it, in a test with the fixture "
        yield "<code>understudy</code>; one click selects it all.</small></p><ul class=advice>"
        yield from (_advice(rows) for rows in missing)
        yield "</ul>"
    yield "</section>"


def _advice(rows: list[Row]) -> str:
    tags = "".join(f"<span class=tag>{_name(row)}</span>" for row in rows)
    item = rows[0].item
    trigger = f"<p class=trigger>The app has to {escape(item.trigger)}.</p>" if item.trigger else ""
    return f"<li>{tags}{_code(item.script)}{trigger}</li>"


def _code(script: str) -> str:
    """Return code to paste as HTML.

    Where a narrow screen has to break it, it breaks after a bracket or a comma.
    """
    text = escape(script).replace("(", "(<wbr>").replace(",", ",<wbr>")
    return f"<pre tabindex=0><code>{text}</code></pre>"


def _name(row: Row) -> str:
    return escape(row.name.replace(" -> ", " → "))


# -- everything ---------------------------------------------------------------------


def _tables(coverage: Coverage) -> Iterator[str]:
    yield "<h2>What counts</h2><div class=tables>"
    yield from (_table(group) for group in coverage.lifecycle)
    yield "</div><h2>For information</h2><p class=soft>Not part of the percentage: apps do not call every operation, or "
    yield "make every mistake.</p><div class=tables>"
    yield from (_table(group, is_open=False) for group in coverage.beside)
    yield "</div>"


def _table(group: Group, *, is_open: bool = True) -> str:
    rows = sorted(group.rows, key=lambda row: not row.met.count) if not is_open else group.rows  # covered ones first
    others = "".join(_other(name, met.count, met.test) for name, met in group.others.items())
    listed = [_row(row, with_script=group.name not in (*names.LIFECYCLE, *names.LIFECYCLE_OF_RESPONSES)) for row in rows]
    body = "".join([*listed[: len(group.met)], others, *listed[len(group.met) :]] if not is_open else [*listed, others])
    title = f"{group.name[0].upper()}{group.name[1:]} <small>{len(group.met)} of {group.total} covered</small>"
    return (
        f'<details class="card group" id="{_anchor(group)}"{" open" if is_open else ""}><summary>{title}</summary>'
        f"<table><caption class=hidden>{group.name}</caption><tbody>{body}</tbody></table></details>"
    )


def _row(row: Row, *, with_script: bool) -> str:
    kind = kind_of(row)
    about = escape(row.met.test)
    if kind == "missed" and with_script and row.item.script:
        trigger = f"The app has to {escape(row.item.trigger)}." if row.item.trigger else ""
        about = _code(row.item.script) + trigger
    elif kind == "missed" and not row.item.script:
        about = escape(row.item.trigger)
    elif kind == "omitted":
        about = escape(row.item.trigger) if not row.item.counts else "omitted by understudy_cov_omit"
    times = f"{row.met.count:,}" if row.met.count else f"<span class=hidden>{in_words(row)}</span>"
    return (
        f"<tr class={kind}><td class=mark aria-hidden=true>{_MARKS[kind]}</td>"
        f"<th scope=row>{_name(row)}{f'<div class=about>{about}</div>' if about else ''}</th><td>{times}</td></tr>"
    )


def _other(name: str, count: int, test: str) -> str:
    return (
        f"<tr class=met><td class=mark aria-hidden=true>+</td><th scope=row>{escape(name)}"
        f"<div class=about>{escape(test)}</div></th><td>{count:,}</td></tr>"
    )
