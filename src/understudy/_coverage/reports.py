"""Reports of lifecycle coverage: which were asked for, and writing them.

Shared by pytest's options and the command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from understudy._coverage.as_json import as_json
from understudy._coverage.coverage import Coverage, shown_percent
from understudy._coverage.shards import as_text
from understudy._coverage.terminal import as_lines

KINDS = {"json": "understudy-cov.json", "html": "understudy-cov.html", "data": "understudy-cov.data"}
EXPECTED = "expected term, json, json:FILE, html, html:FILE, data or data:FILE"


def percentage(given: str) -> float:
    """Read a percentage.

    Raises:
        ValueError: it is not a number from 0 to 100.
    """
    try:
        number = float(given)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise ValueError("expected a percentage from 0 to 100")
    return number


def requested(given: Sequence[str]) -> tuple[bool, list[tuple[str, Path]]]:
    """Read which reports are asked for.

    Returns:
        Whether the terminal gets the summary, and the files to write, each with its kind.

    Raises:
        ValueError: an unknown kind of report, or a file that cannot be written.
    """
    in_terminal, files = False, []
    for text in given or ["term"]:
        kind, _, path = text.partition(":")
        if kind == "term" and not path:
            in_terminal = True
        elif kind in KINDS:
            files.append((kind, _writable(text, Path(path or KINDS[kind]).absolute())))
        else:
            raise ValueError(f"{text}: {EXPECTED}")
    return in_terminal, files


def _writable(given: str, path: Path) -> Path:
    """Return the path if a file can be written there.

    Checked at the start, and not when a suite has run for an hour.
    """
    parent = next(folder for folder in path.parents if folder.exists())
    problem = ""
    if path.is_dir():
        problem = f"{path} is a directory"
    elif not parent.is_dir():
        problem = f"{parent} is not a directory"
    elif not os.access(path if path.exists() else parent, os.W_OK):
        problem = f"{path if path.exists() else parent} is not writable"
    if problem:
        raise ValueError(f"{given}: {problem}; name a writable file")
    return path


def too_little(coverage: Coverage, least: float | None, option: str) -> Iterator[str]:
    """Yield by how much coverage is below what was asked for; nothing if enough."""
    if least is not None and coverage.percent < least:
        yield (
            f"lifecycle coverage of {shown_percent(coverage.percent)} is less than the {least:g} % that {option} asks for"
        )


def lines(coverage: Coverage, files: list[tuple[str, Path]], *, in_terminal: bool) -> Iterator[str]:
    """Yield the lines of a terminal.

    The summary or its one line, and where the reports are.
    """
    if in_terminal:
        yield from as_lines(coverage)
    else:
        yield f"{shown_percent(coverage.percent)} of the lifecycle was covered"
    yield from (f"{kind.upper()} report: {path}" for kind, path in files)


def write(files: list[tuple[str, Path]], coverage: Coverage) -> Iterator[str]:
    """Write the reports; yield the problems."""
    for kind, path in files:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_WRITERS[kind](coverage), encoding="utf-8")
        except OSError as error:
            yield f"the {kind} report was not written: {error}"


def _json_text(coverage: Coverage) -> str:
    return json.dumps(as_json(coverage), indent=2, ensure_ascii=False) + "\n"


def _page(coverage: Coverage) -> str:
    from understudy._coverage.page import as_html

    return as_html(coverage, datetime.now().astimezone())


def _data(coverage: Coverage) -> str:
    return as_text(coverage.tally)


_WRITERS: dict[str, Callable[[Coverage], str]] = {"json": _json_text, "html": _page, "data": _data}
