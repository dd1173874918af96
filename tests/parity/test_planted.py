"""26 planted differences, each named by its kind, and none in the 26 right twins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import understudy
from tests.parity.rows import ROWS, Row


def ids(row: Row) -> str:
    return row.name


def test_there_are_26() -> None:
    """The table has 26 rows, each with a name of its own."""
    assert len({row.name for row in ROWS}) == len(ROWS) == 26


def test_the_table_has_these_rows() -> None:
    """The page's table has the same rows in the same order, each with its kind."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "port.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| \*\*(.*?)\*\*.*? \| (.*?) \|", page, re.MULTILINE)
    assert [name for name, _ in table] == [row.name for row in ROWS]
    assert all(f"`{row.kind}`" in shown for row, (_, shown) in zip(ROWS, table, strict=True))


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_what_is_planted_is_named(row: Row) -> None:
    """The port with the mistake differs, and a difference of the right kind says so."""
    report = understudy.parity(row.old, row.wrong, script=row.script, set_up=row.set_up, time=row.time)
    assert row.kind in [difference.kind for difference in report.differences], report
    assert "!" in str(report)


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_the_right_twin_has_no_difference(row: Row) -> None:
    """The right port of the same app differs in nothing."""
    old = row.right_old or row.old
    report = understudy.parity(old, row.right, script=row.script, set_up=row.set_up, time=row.time)
    assert report.same, report
