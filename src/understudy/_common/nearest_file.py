"""The file that was probably meant, if the one named does not exist."""

from __future__ import annotations

import difflib
from itertools import islice
from pathlib import Path

MAX_FILES = 2000  # that are compared: it is only for a message


def nearest_file(path: Path) -> Path | None:
    """Return the file most like a path that does not exist, or None.

    It is looked for in the same folder, then in the folders below.
    """
    folder = path.parent if path.parent.is_dir() else path.parent.parent
    for found in (folder.glob("*"), folder.rglob("*")):
        files = {str(file): file for file in islice(found, MAX_FILES) if file.is_file()}
        same_name = [file for file in files.values() if file.name == path.name]
        if same_name:
            return same_name[0]
        by_name = {file.name: file for file in files.values()}
        close = difflib.get_close_matches(path.name, by_name, n=1, cutoff=0.6)
        if close:
            return by_name[close[0]]
    return None


def did_you_mean_file(path: Path) -> str:
    """Return ` Did you mean tutorial.yaml?` for the nearest file, or ""."""
    close = nearest_file(path)
    return f" Did you mean {close}?" if close is not None else ""
