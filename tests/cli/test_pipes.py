"""A reader that has read enough, as `head` does, ends a command quietly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from understudy._cli.demo import cassette_path
from understudy._cli.main import main


@pytest.fixture(params=[False, True], ids=["buffered", "unbuffered"])
def gone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A standard output whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8", line_buffering=request.param) as output:
        monkeypatch.setattr(sys, "stdout", output)
        yield output


@pytest.mark.parametrize("command", [["show", str(cassette_path())], ["show", str(cassette_path()), "--json"]])
def test_a_reader_that_has_gone(command: list[str], gone: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """The status is 0, and neither the command nor the end of the interpreter, which flushes, has anything to say."""
    assert main(command) == 0
    gone.flush()
    assert capfd.readouterr().err == ""


def test_help_for_a_reader_that_has_gone(gone: Any) -> None:
    """So it is with what the parser prints."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    gone.flush()
