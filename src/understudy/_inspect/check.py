"""The check of many cassettes, which lists everything that needs a look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from understudy._cassettes.atomic_files import is_locked
from understudy._cassettes.load import contents_of
from understudy._cassettes.secrets import Scrubber
from understudy._inspect.findings import CassetteFinding, findings
from understudy._inspect.usage import Project
from understudy.errors import CassetteError

_SUFFIXES = (".yaml", ".yml", ".json", ".toml", ".har", ".gz")
_LINE = re.compile(r"(\d+): ")
_JOURNAL = re.compile(r"\.(.+)\.\d+-\d+\.journal")


def cassettes_in(paths: Iterable[Path]) -> list[Path]:
    """Return the cassettes that paths name, each once, in order.

    Files as they are; of folders, the files that may be a cassette.
    """
    found: dict[Path, None] = {}
    for path in paths:
        inner = sorted(path.rglob("*")) if path.is_dir() else [path]
        found |= {
            each: None
            for each in inner
            if each is path or (each.suffix in _SUFFIXES and each.is_file() and not each.name.startswith("."))
        }
    return list(found)


def check(cassettes: Iterable[Path], project: Project | None, scrub: Iterable[str] = ()) -> Iterator[CassetteFinding]:
    """Yield every finding, cassette by cassette.

    Args:
        cassettes: files that exist.
        project: whose tests should play them; None omits that check.
        scrub: patterns of the user's own secrets.
    """
    scrubber = Scrubber(tuple(scrub))
    folders: dict[Path, None] = {}
    for path in cassettes:
        folders[path.parent] = None
        try:
            contents = contents_of(path)
        except CassetteError as error:
            yield _unreadable(path, str(error))
            continue
        for omitted in contents.omitted:
            remedy = "it cannot be replayed: record or export it again if you can, or check that no test requests it"
            yield CassetteFinding(path=path, kind="omitted", problem=f"left out: {omitted}", remedy=remedy)
        yield from findings(path, contents.interactions, scrubber, contents.text)
        if project is not None and not project.plays(path):
            remedy = f"name it in a test, @pytest.mark.cassette({path.name!r}), or delete it"
            yield CassetteFinding(path=path, kind="unplayed", problem="no test plays it", remedy=remedy)
    for folder in folders:
        yield from _interrupted(folder)


def _unreadable(path: Path, message: str) -> CassetteFinding:
    """Return the finding of a file that cannot be read, with the line if it has one.

    Such as `c.yaml:7: this file is cut off`.
    """
    problem = message.removeprefix(f"{path}").lstrip(": ")
    line = _LINE.match(problem)
    return CassetteFinding(path=path, kind="unreadable", problem=problem, file_line=int(line[1]) if line else None)


def _interrupted(folder: Path) -> Iterator[CassetteFinding]:
    """Yield the journals of recordings that were interrupted."""
    for journal in sorted(folder.glob(".*.journal")):
        named = _JOURNAL.fullmatch(journal.name)
        if named is not None and not is_locked(journal):
            problem = f"a recording of it was interrupted; what it had so far is in {journal.name}"
            remedy = "record it again: the journal is then saved as a cassette of its own, beside it"
            yield CassetteFinding(path=folder / named[1], kind="interrupted", problem=problem, remedy=remedy)
