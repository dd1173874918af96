"""The parity report as a page, in a real browser: at a desk and on a phone, in the light and in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import understudy
from tests.browser import NEEDS_BROWSER, launched
from tests.parity.apps import QUESTIONS, NewApp, OldApp
from understudy import FunctionCall, Reply

pytestmark = NEEDS_BROWSER

LONG = "x" * 300  # a word that no column has room for
SCRIPT = (FunctionCall("get_weather", {"city": LONG}), Reply(f"Sunny. {LONG}"))
# How light what is drawn is: the text and the background of an element, from 0 to 1 (WCAG's relative luminance).
LUMINANCE = """element => {
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0)
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number)
  let behind = element
  while (behind && /, 0\\)|transparent/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement
  const back = behind ? numbers(getComputedStyle(behind).backgroundColor) : [255, 255, 255]
  return [light(numbers(getComputedStyle(element).color)), light(back)]
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the module."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a port that loses its tools, returns something else, and says one thing more."""
    wrong = NewApp((*QUESTIONS, "<b>Bye</b>"), output="rainy", request=lambda turn, first: {} if first else {"tools": None})
    found = understudy.parity(OldApp(), wrong, script=SCRIPT)
    assert {one.kind for one in found.differences} == {"tools", "output", "user", "result"}
    return found.write(tmp_path_factory.mktemp("page") / "parity.html")


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def opened(browser: Any, report: Path, scheme: str) -> Iterator[Any]:
    """Open the page at a width; what it fetches or complains of fails the test."""
    contexts, complaints = [], []

    def opening(width: int) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))
        page.on("request", lambda sent: complaints.append(sent.url) if not sent.url.startswith("file:") else None)
        page.goto(report.as_uri())
        return page

    yield opening
    for context in contexts:
        context.close()
    assert complaints == []


def boxes(page: Any, kind: str) -> tuple[dict[str, float], dict[str, float]]:
    """Where the first row of a kind shows the old side, and where the new one."""
    cells = page.locator(f".row > .{kind}").all()
    return cells[0].bounding_box(), cells[1].bounding_box()


def test_at_a_desk_the_sides_are_next_to_each_other(opened: Any) -> None:
    """At 1280 pixels both sides share a row, and nothing is wider than the window."""
    page = opened(1280)
    for kind in ("user", "call", "output", "reply", "tools"):
        old, new = boxes(page, kind)
        assert old["y"] == new["y"]
        assert old["x"] + old["width"] <= new["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.get_by_text("old: assistants").first.is_visible()
    assert page.locator("h2").all_inner_texts()[:4] == ["Turn 1", "Turn 2", "Turn 3", "Results"]


def test_on_a_phone_one_side_is_below_the_other(opened: Any) -> None:
    """At 390 pixels the new side is below the old one, each named, and nothing is wider than the window."""
    page = opened(390)
    for kind in ("user", "call", "output", "reply", "tools"):
        old, new = boxes(page, kind)
        assert old["x"] == new["x"]
        assert old["y"] + old["height"] <= new["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".row .side:visible").all_inner_texts()[:2] == ["old", "new"]


def test_what_differs_is_marked_in_words_and_colour(opened: Any) -> None:
    """Each difference is a row that says so, on another background than the others; markup of the apps is shown as text."""
    page = opened(1280)
    marked = page.locator(".row.differs")
    assert marked.locator(".kind").all_inner_texts() == [
        *(["tools differs", "output differs"] * 2),
        "user differs",
        "result differs",
    ]
    colour = "element => getComputedStyle(element).backgroundColor"
    plain = page.locator(".row:not(.differs)").first.evaluate(colour)
    assert all(row.evaluate(colour) != plain for row in marked.all())
    assert page.locator(".verdict").inner_text() == "6 differences (tools, output, user, result)"
    assert page.get_by_text("<b>Bye</b>").count()


def test_every_text_can_be_read(opened: Any) -> None:
    """In the light and in the dark every text has a contrast of 4.5 at least. [WCAG 2.2, AA]"""
    page = opened(390)
    texts = page.locator("h1, h2, p, li, pre, .kind, .side, .note, .row > div, .verdict, .none").all()
    assert len(texts) > 40
    for element in texts:
        one, other = element.evaluate(LUMINANCE)
        ratio = (max(one, other) + 0.05) / (min(one, other) + 0.05)
        assert ratio >= 4.5, (element.inner_text()[:60], ratio)
