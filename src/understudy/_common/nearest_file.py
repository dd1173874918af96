"""The file that was probably meant, where the one named is not there."""

from __future__ import annotations

import difflib
from itertools import islice
from pathlib import Path

MOST_LOOKED_AT = 2000  # files: this is for a message


def nearest_file(path: Path) -> Path | None:
    """Return the file most like a path that is not there: beside it, else in the folders below; None if none is like it."""
    folder = path.parent if path.parent.is_dir() else path.parent.parent
    for found in (folder.glob("*"), folder.rglob("*")):
        files = {str(file): file for file in islice(found, MOST_LOOKED_AT) if file.is_file()}
        same_name = [file for file in files.values() if file.name == path.name]
        if same_name:
            return same_name[0]
        by_name = {file.name: file for file in files.values()}
        close = difflib.get_close_matches(path.name, by_name, n=1, cutoff=0.6)
        if close:
            return by_name[close[0]]
    return None


def did_you_mean_file(path: Path) -> str:
    """` Did you mean tutorial.yaml?` with the file most like a path; empty when none is like it."""
    close = nearest_file(path)
    return f" Did you mean {close}?" if close is not None else ""
