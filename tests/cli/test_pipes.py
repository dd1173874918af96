"""A reader that has read enough, as `head` does, ends a command quietly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pytest

from understudy._cli.demo import cassette_path
from understudy._cli.main import main


@contextmanager
def gone(buffering: int) -> Iterator[None]:
    """A standard output whose reader has gone; its end, as that of the interpreter, writes what is buffered."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering, encoding="utf-8") as output, redirect_stdout(output):
        yield


@pytest.mark.parametrize("buffering", [-1, 1], ids=["buffered", "by line"])
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_that_has_gone(buffering: int, more: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """The status is 0, and neither the command nor the end of the output has anything to say."""
    with gone(buffering):
        assert main(["show", str(cassette_path()), *more]) == 0
    assert capfd.readouterr().err == ""


def test_help_for_a_reader_that_has_gone() -> None:
    """So it is with what the parser prints."""
    with gone(-1), pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0


def test_the_finding_for_a_reader_that_has_gone(tmp_path: Path) -> None:
    """A command that has ended keeps its status: nobody read the finding, but it is one."""
    (tmp_path / "empty.yaml").write_text("a: 1\n", encoding="utf-8")
    with gone(-1):
        assert main(["check", str(tmp_path / "empty.yaml")]) == 1
