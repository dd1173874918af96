"""`understudy coverage combine`: the parts of a suite, reported as the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from understudy._cli.main import main
from understudy._coverage import names, shards
from understudy._coverage.coverage import coverage_of
from understudy._coverage.tally import Tally

STATUSES = ("queued", "in_progress", "completed", "failed", "expired")
MEETINGS = st.lists(st.tuples(st.sampled_from(STATUSES), st.sampled_from(["test_a", "test_b", "test_c"])), max_size=20)


def tally_of(meetings: list[tuple[str, str]]) -> Tally:
    tally = Tally()
    for status, test in meetings:
        tally.meet(names.STATUSES, status, test)
    return tally


def data_file(path: Path, *statuses: str) -> Path:
    """What a shard wrote whose one test met these statuses."""
    path.write_text(shards.as_text(tally_of([(status, f"test_{path.stem}") for status in statuses])), encoding="utf-8")
    return path


@examples(60)
@given(st.lists(MEETINGS, min_size=1, max_size=4))
def test_parts_come_to_the_whole(tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[str, str]]]) -> None:
    """However a suite is divided, and in whatever order its parts are named, the same is met as by one process."""
    folder = tmp_path_factory.mktemp("shards")
    paths = [folder / f"{number}.data" for number in range(len(parts))]
    for path, meetings in zip(paths, parts, strict=True):
        path.write_text(shards.as_text(tally_of(meetings)), encoding="utf-8")
    whole = tally_of([meeting for meetings in parts for meeting in meetings])
    for order in (paths, paths[::-1]):
        merged = shards.combined(order)
        assert merged.met == whole.met
        assert coverage_of(merged).percent == coverage_of(whole).percent


def test_the_whole_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal, page and data are those of both shards together; combined data combines again."""
    one, two = data_file(tmp_path / "one", "queued", "completed"), data_file(tmp_path / "two", "queued", "failed")
    page, data = tmp_path / "cov.html", tmp_path / "both.data"
    wanted = ["--report", "term", "--report", f"html:{page}", "--report", f"data:{data}"]
    assert main(["coverage", "combine", str(one), str(two), *wanted]) == 0
    said = capsys.readouterr().out
    assert said.startswith("statuses        3 of ")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["coverage", "combine", str(data)]) == 0
    assert capsys.readouterr().out.splitlines()[:5] == said.splitlines()[:5]


def test_the_whole_is_what_has_to_be_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--fail-under` asks for a percentage of all parts; what is omitted is not asked for."""
    paths = [str(data_file(tmp_path / status, status)) for status in STATUSES]
    percent = coverage_of(shards.combined(map(Path, paths))).percent
    assert main(["coverage", "combine", *paths, "--fail-under", f"{percent:.3f}"[:-1]]) == 0
    assert main(["coverage", "combine", *paths[:-1], "--fail-under", f"{percent}"]) == 1
    assert "FAIL lifecycle coverage of" in capsys.readouterr().out
    assert main(["coverage", "combine", *paths, "--omit", "*cancel*", "--fail-under", f"{percent + 0.1}"]) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a data file"),
        ("[]", "not a data file"),
        ('{"percent": 3}', "this is a JSON report"),
        ('{"understudy-cov-data": 2}', "use one version of pytest-understudy in all shards"),
        ('{"understudy-cov-data": 1, "met": {"statuses": 3}}', "truncated or was edited"),
    ],
)
def test_what_is_not_a_data_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    """It is refused by its name, with what it is or should be."""
    path = tmp_path / "x.data"
    path.write_text(text)
    assert main(["coverage", "combine", str(path)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error
    assert said in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail-under", "ninety"], "expected a percentage"),
        (["--report", "xml"], "expected term, json"),
        (["--omit", "complted"], "Did you mean 'completed'"),
        (["no-such.data"], "no-such.data"),
    ],
)
def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Exit status 2, and the reason."""
    assert main(["coverage", "combine", str(data_file(tmp_path / "x", "queued")), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_data_file_is_json(tmp_path: Path) -> None:
    """The file can be read by anything, and says what it is."""
    assert (
        json.loads(data_file(tmp_path / "x", "queued").read_text(encoding="utf-8"))["understudy-cov-data"] == shards.FORMAT
    )
