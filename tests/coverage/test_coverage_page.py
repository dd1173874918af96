"""The page of lifecycle coverage: whole in one file, and a browser shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.coverage.test_response_paths import THINKS, watched
from understudy import Backend, Expire, Fail, FunctionCall, Reply
from understudy._apis.assistants.lifecycle import RUN
from understudy._common.observers import observing
from understudy._coverage import names, tally
from understudy._coverage.collector import SuiteWatch
from understudy._coverage.coverage import coverage_of
from understudy._coverage.graph import PLACES, as_svg
from understudy._coverage.page import as_html
from understudy._coverage.tally import Tally
from understudy._coverage.targets import possible
from understudy._coverage.terminal import as_lines
from understudy._diagnostics.timeline import Moment, Timeline

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
VOID = {"meta", "br", "wbr", "rect", "path", "circle", "line"}


@pytest.fixture(scope="module")
def met() -> Tally:
    """What a suite of a few tests met."""
    watch = SuiteWatch()
    scripts = {"a": (Reply("1"),), "b": (FunctionCall("look_up"), Reply("2")), "c<script>": (Expire(),), "d": (Fail(),)}
    with observing(watch):
        for name, script in scripts.items():
            watch.test = f"tests/test_it.py::test_{name}"
            backend = Backend(script=script)
            assistant = backend.add_assistant(tools=[{"type": "function", "function": {"name": "look_up"}}])
            thread = backend.add_thread(messages=["Hi"])
            runs: Any = backend.client().beta.threads.runs
            run = runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
            if run.required_action:
                calls = run.required_action.submit_tool_outputs.tool_calls
                outputs = [{"tool_call_id": call.id, "output": "4"} for call in calls]
                runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread.id, tool_outputs=outputs)
            watch.test_ended()
    return watch.tally


@pytest.fixture(scope="module")
def page(met: Tally) -> str:
    return as_html(coverage_of(met), NOW)


class Outline(HTMLParser):
    """Sees that elements close in the order they opened, and notes what they ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag}: an attribute stands twice"
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID or (tag in ("path", "rect", "circle") and not self.get_starttag_text().endswith("/>")):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_whole_in_one_file(page: str) -> None:
    """It parses, runs no scripts, asks for nothing else, and leads only to places that it has."""
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    tags = {tag for tag, _ in outline.seen}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in page.replace("url(#", "")
    assert "@import" not in page
    ids = [attributes["id"] for _, attributes in outline.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes["href"] for _, attributes in outline.seen if "href" in attributes}
    assert links == {f"#{group.replace(' ', '-')}" for group in (*names.LIFECYCLE, *names.BESIDE)}
    assert links <= {f"#{one}" for one in ids}


def test_it_holds_what_there_is(page: str) -> None:
    """The graph, met solid and missed dashed; what is missing with scripts; each test's runs as timelines."""
    assert 'class="arrow met"' in page
    assert 'class="arrow missed"' in page
    assert ".arrow.missed" in page.partition("stroke-dasharray")[0]
    for status in PLACES:
        assert f">{status}</text>" in page
    assert "understudy.next_run(<wbr>Expire(<wbr>while_queued=True))" in page
    assert page.count("class=scroll") == 4
    assert "test_c&lt;script&gt;" in page
    assert "prefers-color-scheme: dark" in page


def test_every_status_and_transition_is_drawn(met: Tally) -> None:
    """A status has its place, and a transition its arrow; the uncounted ones when they were met."""
    assert set(PLACES) == {status for row in RUN for status in (row.source, row.target)}
    assert as_svg(coverage_of(met)).count('<path class="arrow') == sum(not _is_a_guess(row) for row in RUN)
    everything = Tally()
    for row in RUN:
        everything.meet(names.TRANSITIONS, names.transition(row.source, row.target), "test_it")
    assert as_svg(coverage_of(everything)).count('<path class="arrow met"') == len(RUN)


def _is_a_guess(row: object) -> bool:
    return (row.source, row.mark) == ("cancelling", "INF")  # type: ignore[attr-defined]


def everything() -> Tally:
    """What a suite met that has met all there is to meet."""
    whole = Tally()
    for group, items in possible().items():
        for item in items:
            whole.meet(group, item.name, "test_it")
    return whole


def test_a_suite_that_met_everything() -> None:
    """Nothing is missing, and page and terminal give no advice."""
    coverage = coverage_of(everything())
    assert "<p>Nothing: the app covered all of it.</p>" in as_html(coverage, NOW)
    lines = list(as_lines(coverage))
    assert any(line.startswith("lifecycle") and line.endswith("100 %") for line in lines)
    assert not any("Missing" in line or "not met" in line for line in lines)


def test_what_was_omitted_is_drawn_so(met: Tally) -> None:
    """An omitted transition has an arrow and a legend of its own; without an omission there is no such legend."""
    legend = '<span class="key omitted"></span> omitted'
    page = as_html(coverage_of(met, ["queued -> expired"]), NOW)
    assert 'class="arrow omitted"' in page
    assert legend in page
    assert legend not in as_html(coverage_of(met), NOW)


def test_a_lost_worker_is_named(met: Tally) -> None:
    """A page that does not tell all says so."""
    known = Tally.of_data(met.as_data())
    known.lost.append("gw<1>")
    assert "Worker gw&lt;1&gt; ended without reporting: its coverage is missing here." in as_html(coverage_of(known), NOW)


def test_a_test_with_many_paths_is_bounded() -> None:
    """Of a test whose runs go very differently, the twelve most frequent paths are listed, and how many more there are."""
    many = Tally()
    for number in range(15):
        many.draw("test_it", tally.RUNS, f"queued-path{number:02}", None)
    page = as_html(coverage_of(many), NOW)
    assert page.count("1 × queued → path") == 12
    assert "and 3 other paths" in page


def test_a_suite_without_runs(tmp_path: Path) -> None:
    """A suite that met nothing has a page, too: everything is missing."""
    page = as_html(coverage_of(Tally()), NOW)
    assert "0 %" in page
    assert 'class="arrow met"' not in page


def test_a_big_suite_is_bounded() -> None:
    """Thousands of tests with long runs: timelines are kept of some, and the page says of which."""
    big = Tally()
    moments = tuple(Moment(number, "run", "in_progress", "x" * 50) for number in range(500))
    for number in range(1500):
        test = f"test_{number:04}"
        for path in ("queued-expired", "queued-failed", "a-b", "c-d", "queued-failed"):
            big.draw(test, tally.RUNS, path, Timeline("run_1", "failed", moments))
    assert sum(runs.has_timelines for runs in big.tests.values()) <= 2 * tally.MOST_TESTS_DRAWN
    assert max(len(runs.runs.timelines) for runs in big.tests.values()) == tally.MOST_TIMELINES
    page = as_html(coverage_of(big), NOW)
    assert "the first 200 have timelines" in page
    assert "The first 1,000 are listed" in page
    assert len(page) < 10_000_000


def test_a_tally_travels_and_merges(met: Tally) -> None:
    """As plain data and back it is the same; merged with itself, it counts twice and knows nothing new."""
    assert Tally.of_data(met.as_data()).as_data() == met.as_data()
    twice = Tally.of_data(met.as_data())
    twice.merge(met)
    assert coverage_of(twice).percent == coverage_of(met).percent
    assert twice.met[names.STATUSES]["queued"].count == 2 * met.met[names.STATUSES]["queued"].count


@pytest.mark.tools
@pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH")
def test_a_browser_shows_it(met: Tally, tmp_path: Path) -> None:
    """In a browser graphs and timelines are there, nothing is complained of, and a phone need not scroll sideways."""
    both = Tally.of_data(met.as_data())
    both.merge(watched(THINKS, (Fail(),), background=True))
    page = as_html(coverage_of(both), NOW)
    frame = (
        f'<!doctype html><iframe style="width: 390px; height: 800px; border: 0" srcdoc="{escape(page)}" onload="'
        "let root = this.contentDocument.documentElement; "
        "root.querySelectorAll('details').forEach(one => one.open = true); "
        "let cut = [...root.querySelectorAll('svg')].filter(svg => [...svg.querySelectorAll('text, rect')].some(one => "
        "one.getBoundingClientRect().right > svg.getBoundingClientRect().right + 1)); "
        "document.title = [root.scrollWidth - root.clientWidth, cut.length, "
        "root.querySelectorAll('svg.graph .arrow').length, root.querySelectorAll('.scroll svg').length]"
        '"></iframe>'
    )
    path = tmp_path / "frame.html"
    path.write_text(frame, encoding="utf-8")
    options = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    done = subprocess.run(
        [
            str(BROWSER),
            *options.split(),
            "--disable-component-update",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=2000",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None, done.stdout[:500] + done.stderr
    assert title[1] == "0,0,22,7"
