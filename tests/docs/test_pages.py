"""Every page of the documentation is executed: here, or by a test of its own that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.page import ROOT, Project, Warm
from understudy._apis.responses.error_texts import REFUSALS

DOCS = ROOT / "docs"
ELSEWHERE = {  # pages and folders with a test of their own, and where it is
    "coverage.md": "tests/docs/test_coverage.py",
    "fidelity.md": "tests/fidelity/test_recordings.py",
    "files.md": "tests/apis/test_docs.py",
    "old-recordings.md": "tests/docs/test_old_recordings.py",
    "reference": "tests/docs/test_reference.py",
    "properties.md": "tests/properties/test_docs.py",
    "replay.md": "tests/cassettes/test_docs.py",
    "runs.md": "tests/docs/test_examples.py",
    "serve.md": "tests/serve/test_docs.py",
}
DEEP = {"tutorial.md"} | {  # pages that start many processes: executed in the cell `deep`
    f"how-to/{name}.md"
    for name in (
        "ci",
        "compatible-servers",
        "look-at-cassettes",
        "move-to-responses",
        "other-processes",
        "sharding",
        "unittest",
    )
}
LAST_OF_ASSISTANTS = 12  # the number of the last section that is not about Responses
_MARK = re.compile(r"\b(?:REC|RUN|SPEC|DOCS|REP|INF), (contract|semantics|tables) (\d+(?: and \d+)*)")
PAGES = [str(page.relative_to(DOCS)) for page in sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.deep] if name in DEEP else [])
        for name in PAGES
        if not {name, name.partition("/")[0]} & set(ELSEWHERE)
    ],
)
def test_the_page_keeps_its_word(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm: Warm) -> None:
    """Executed from top to end in an empty folder, without a key, the page does and prints what it says."""
    if name == "how-to/web-frameworks.md":
        pytest.importorskip("httpx2", reason="Starlette's test client needs httpx2, which openai 3.x brings")
    monkeypatch.chdir(tmp_path)
    Project(DOCS / name, tmp_path, warm).execute()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_the_page_has_a_test_of_its_own(name: str) -> None:
    """What is excepted above is there, and the test that is said to execute it is about it."""
    assert (DOCS / name).exists()
    test = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
    assert name in test or name.removesuffix(".md") in test


@pytest.mark.parametrize("name", [name for name in PAGES if name != "README.md"])
def test_the_page_can_be_found(name: str) -> None:
    """docs/README.md has a link to every page, or to the folder it is in."""
    links = set(re.findall(r"\]\(([^)#]+)", (DOCS / "README.md").read_text(encoding="utf-8")))
    assert {name, name.partition("/")[0]} & links


def test_marks_lead_to_a_section_of_the_contract() -> None:
    """Every `[REC, contract 3]` in the source names a section that docs/contract.md has, and no other document."""
    sections = set(re.findall(r"^## (\d+)\. ", (DOCS / "contract.md").read_text(encoding="utf-8"), re.MULTILINE))
    marks = [mark for path in (ROOT / "src").rglob("*.py") for mark in _MARK.findall(path.read_text(encoding="utf-8"))]
    assert marks
    assert {document for document, _ in marks} == {"contract"}
    assert {number for _, numbers in marks for number in re.findall(r"\d+", numbers)} <= sections


def test_each_section_about_responses_is_cited() -> None:
    """Each section of the contract about Responses, but for that of unknowns, is cited by the code that rests on it."""
    page = (DOCS / "contract.md").read_text(encoding="utf-8")
    about = {number for number in re.findall(r"^## (\d+)\. ", page, re.MULTILINE) if int(number) > LAST_OF_ASSISTANTS}
    found = (ROOT / "src" / "understudy" / "_apis" / "responses").rglob("*.py")
    marks = [mark for path in found for mark in _MARK.findall(path.read_text(encoding="utf-8"))]
    cited = {number for _, numbers in marks for number in re.findall(r"\d+", numbers)}
    assert about - cited == {max(about, key=int)}


def test_codes_in_the_contract_are_those_of_the_refusals() -> None:
    """Each code that the contract names for an error of Responses is one that this API's refusals have."""
    page = (DOCS / "contract.md").read_text(encoding="utf-8")
    section = page.partition("## 20. ")[2].partition("\n## ")[0]
    parameters = {"temperature", "top_p", "previous_response_id", "conversation"}
    codes = set(re.findall(r"`(\w+)`", section)) - parameters
    assert codes
    assert codes <= {refusal.code for refusal in REFUSALS.values()}
