"""What one shard of a suite covered, as a file that another machine reads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from understudy._coverage.tally import Tally

FORMAT = 1  # raised when a key changes its name or its meaning


def as_text(tally: Tally) -> str:
    """Return what was covered as the text of a data file."""
    return json.dumps({"understudy-cov-data": FORMAT, **tally.as_data()}, ensure_ascii=False) + "\n"


def read(path: Path) -> Tally:
    """Read a data file.

    Raises:
        ValueError: it is not one; the message says what it is instead, and what to do.
        OSError: it cannot be read.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        data = None
    if isinstance(data, dict) and "percent" in data:
        raise ValueError(f"{path}: this is a JSON report; combine takes data files, of --understudy-cov-report=data:FILE")
    if not isinstance(data, dict) or "understudy-cov-data" not in data:
        raise ValueError(
            f"{path}: not a data file of lifecycle coverage; expected one written by --understudy-cov-report=data:FILE"
        )
    if data["understudy-cov-data"] != FORMAT:
        raise ValueError(
            f"{path}: format {data['understudy-cov-data']}, but this version reads format {FORMAT}: "
            "use one version of pytest-understudy in all shards"
        )
    try:
        return Tally.of_data(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path}: this data file is truncated or was edited ({error!r}): run its shard again") from error


def combined(paths: Iterable[Path]) -> Tally:
    """Merge data files.

    In the order of their names, so that the order in which they are given does not matter.

    Raises:
        ValueError: one of them is not a data file.
        OSError: one of them cannot be read.
    """
    whole = Tally()
    for path in sorted(paths):
        whole.merge(read(path))
    return whole
