"""docs/coverage.md: its files are written and its commands executed, in order, in a project of their own."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.page import Warm
from tests.docs.test_old_recordings import ROOT, execute, write

PAGE = ROOT / "docs" / "coverage.md"
_FENCE = re.compile(r"^```(python|ini|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_step_works_as_it_stands(tmp_path: Path, warm: Warm) -> None:
    """The app, its tests, and what the page says that pytest prints of them."""
    kinds = []
    for kind, text in _FENCE.findall(PAGE.read_text(encoding="utf-8")):
        kinds.append(kind)
        if kind == "console":
            execute(tmp_path, text, warm)
        else:
            write(tmp_path, text)
    assert kinds == ["python", "python", "console", "console", "ini", "console"]
    assert (tmp_path / "cov.html").read_text(encoding="utf-8").startswith("<!doctype html>")
