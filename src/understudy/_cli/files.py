"""The files that a command is given."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from understudy._common.nearest_file import did_you_mean_file


def missing_files(paths: Iterable[Path]) -> bool:
    """Return True if some paths are not files; report each with the nearest file."""
    missing = [path for path in paths if not path.is_file()]
    for path in missing:
        what = "this is a folder: name the files in it" if path.is_dir() else f"no such file.{did_you_mean_file(path)}"
        print(f"{path}: {what}", file=sys.stderr)
    return bool(missing)
