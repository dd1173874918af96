"""The README keeps its word: its test can be pasted and run, its examples run, its picture is what is drawn today."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.docs_runner import blocks, execute

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def test_the_first_test_can_be_pasted(pytester: pytest.Pytester) -> None:
    """The README's first block, pasted into a file of an empty project, passes without a key or any setting."""
    pytester.makepyfile(test_tutor=blocks(README)[0].code)
    result = pytester.runpytest_subprocess("-W", "ignore::DeprecationWarning")
    result.assert_outcomes(passed=2)


def test_the_parity_report_is_real(pytester: pytest.Pytester) -> None:
    """The README's second block, pasted beside the first, fails with the report that the README shows."""
    pytester.makepyfile(test_tutor=blocks(README)[0].code, test_port=blocks(README)[1].code)
    result = pytester.runpytest_subprocess("-W", "ignore::DeprecationWarning", "test_port.py")
    result.assert_outcomes(failed=1)
    [shown] = re.findall(r"^```text\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [line.rstrip() for line in shown.splitlines()] == [
        line.rstrip() for line in result.outlines if line.startswith("E ")
    ][: len(shown.splitlines())]


def test_the_explorer_can_be_pasted(pytester: pytest.Pytester) -> None:
    """The README's property test is one case for each way a run can go, and all pass."""
    pytester.makepyfile(test_loop=blocks(README)[-1].code)
    result = pytester.runpytest_subprocess("-W", "ignore::DeprecationWarning")
    outcomes = result.parseoutcomes()
    assert outcomes.pop("passed") > 5
    assert set(outcomes) <= {"warnings"}


@pytest.mark.parametrize("block", blocks(README)[2:-1], ids=str)
def test_examples_run(block: object) -> None:
    """Every other example of the README runs as it stands."""
    execute(block)  # type: ignore[arg-type]


def test_the_picture_is_up_to_date() -> None:
    """docs/pictures/timeline.svg is what examples/draw_timeline.py draws."""
    drawn = runpy.run_path(str(ROOT / "examples" / "draw_timeline.py"))["picture"]()
    assert (ROOT / "docs" / "pictures" / "timeline.svg").read_text(encoding="utf-8") == drawn


def test_ci_runs_the_readmes_commands() -> None:
    """`.ci/run` finds exactly one line for each of the README's two commands."""
    lines = README.read_text(encoding="utf-8").splitlines()
    for pattern in re.findall(r"readme_command \'([^\']+)\'", (ROOT / ".ci" / "run").read_text()):
        assert len([line for line in lines if re.search(pattern, line)]) == 1, pattern


@pytest.mark.parametrize("page", sorted({README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")}), ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    """Relative links lead to files that are there, and to headings that are in them."""
    for link, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            target = page.parent / link if link else page
            assert target.exists(), link
            assert not heading or heading in anchors(target), f"{link}#{heading}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
