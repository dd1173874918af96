"""The findings of a check, for people and for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from understudy._common.short_text import counted
from understudy._inspect.findings import CassetteFinding
from understudy._inspect.terminal import Row, Styled, plain, wrapped


def check_rows(cassettes: int, findings: Sequence[CassetteFinding], places: str, width: int | None) -> Iterator[Row]:
    """Yield each finding with what to do, then how many there are.

    `places`: where cassettes were looked for.
    """
    for finding in findings:
        first, *rest = wrapped("", f"{finding.path}: {finding.brief}", width, indent=4)
        yield tuple(Styled(text, "red") for text, _ in first)
        yield from rest
        if finding.remedy:
            yield from wrapped("    ", finding.remedy, width)
    if not cassettes:
        yield from wrapped("", f"Nothing to check: there are no cassettes in {places}.", width)
    yield plain(f"{counted(cassettes, 'cassette')}, {counted(len(findings), 'finding')}")


def annotation_rows(findings: Sequence[CassetteFinding], root: Path) -> Iterator[Row]:
    """Yield each finding as a command of GitHub's workflows, one row each.

    GitHub shows it beside the line of the file.

    Args:
        findings: of a check.
        root: of the checkout, which paths are to be relative to.
    """
    for finding in findings:
        path = finding.path.resolve()
        shown = path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path
        place = f"file={_property(str(shown))},line={finding.line},title={_property(f'understudy: {finding.kind}')}"
        said = f"{finding.brief}\n{finding.remedy}".strip()
        yield plain(f"::error {place}::{_escaped(said)}")


def _escaped(text: str) -> str:
    """Return a message escaped for a workflow command.

    [DOCS: GitHub's toolkit, command.ts]
    """
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
