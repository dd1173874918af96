"""The English of the pages, as far as a machine can hold it: words that do not come back."""

from __future__ import annotations

import re

import pytest

from tests.docs.page import ROOT
from tests.test_language import WORDS

GENERATED = {"docs/fidelity.md", "docs/performance.md"}
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "reference"),
]
NAMES = [name for page in PAGES if (name := page.relative_to(ROOT).as_posix()) not in GENERATED]
MORE = {"worlds?": "simulation", "sow": "add, set up", r"for want of": "without, for lack of"}
RULES = {word.replace("is no(", "(?<!there )is no("): better for word, better in {**WORDS, **MORE}.items()}
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def given_up(text: str) -> list[str]:
    """Give the words of a page's prose that are not to come back, each with what to say instead."""
    prose = _CODE.sub(lambda code: "\n" * code[0].count("\n"), text)
    return [
        f"line {prose.count(chr(10), 0, found.start()) + 1}: {found[0]!r}: say {better}"
        for word, better in RULES.items()
        for found in re.finditer(rf"\b{word}\b", prose, re.IGNORECASE)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_prose_of_a_page(name: str) -> None:
    """A page that people wrote has none of the words that were given up."""
    assert given_up((ROOT / name).read_text(encoding="utf-8")) == []


def test_code_is_left_alone() -> None:
    """The rule is about prose: it finds a word there with its line, and leaves code alone."""
    text = "Some `nobody`.\n\n```python\nworld = 1\n```\n\nNobody in this world.\n"
    assert given_up(text) == [
        "line 7: 'Nobody': say no one, nothing",
        "line 7: 'world': say simulation",
    ]
