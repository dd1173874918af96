"""The journal of a recording under way: every exchange, scrubbed, on the disk before the app goes on.

A process that dies leaves its journal behind; the next one that records the same cassette makes a cassette of its own of it.
What is learned to be a secret only later is taken out of what was written before.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from understudy._cassettes.atomic_files import Lock, is_held, write_whole
from understudy._cassettes.dump import as_entry, dump
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import parse

_numbers = itertools.count(1)


class Journal:
    """Lines of one exchange each, in a hidden file beside the cassette. The file is made with the first of them."""

    def __init__(self, cassette: Path) -> None:
        self._path = cassette.parent / f".{cassette.name}.{os.getpid()}-{next(_numbers)}.journal"
        self._file: IO[str] | None = None
        self._lock = Lock(self._path)
        self._writing = threading.Lock()
        self._lines: list[str] = []

    def add(self, interaction: Interaction, unless: Callable[[str], object]) -> None:
        """Write an exchange down, durably; `unless` its text is something that must not be on a disk."""
        line = json.dumps(as_entry(interaction), default=_binary)
        if unless(line):
            return
        with self._writing:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._lock.take()  # as long as it is held, nobody takes this journal for a dead process's
                self._file = self._path.open("w", encoding="utf-8")
            self._lines.append(line)
            self._append(line)

    def rewrite(self, interactions: Callable[[], Iterable[Interaction]], unless: Callable[[str], object]) -> None:
        """Put cleaner exchanges in the place of those written so far; the file is never without either of them."""
        with self._writing:
            if self._file is None:
                return
            lines = [json.dumps(as_entry(interaction), default=_binary) for interaction in interactions()]
            lines = [line for line in lines if not unless(line)]
            if lines == self._lines:
                return
            self._file.close()
            write_whole(self._path, "".join(f"{line}\n" for line in lines))
            self._file = self._path.open("a", encoding="utf-8")
            self._lines = lines

    def _append(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """The recording could not be saved: its journal stays, for the next process or for a person."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._lock.give_back(for_good=True)

    def drop(self) -> None:
        """The recording is saved, or not wanted: the journal is over."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)
            self.close()


def recover(cassette: Path, clean: Callable[[Interaction], Interaction] = lambda interaction: interaction) -> list[Path]:
    """Make cassettes of the journals that dead processes left; their paths, `<name>.recovered.yaml` beside the cassette.

    Args:
        cassette: whose journals.
        clean: takes out of an exchange what this process knows to be secret, which the dead one may not have known.
    """
    recovered = []
    pattern = re.compile(re.escape(f".{cassette.name}.") + r"\d+-\d+\.journal")
    for journal in sorted(cassette.parent.glob(f".{_no_glob(cassette.name)}.*.journal")):
        if pattern.fullmatch(journal.name) is None or is_held(journal):
            continue
        entries = list(_entries(journal))
        if entries:
            path = _free(cassette)
            interactions = parse(json.dumps({"interactions": entries, "version": 1}), journal)
            write_whole(path, dump(map(clean, interactions), path))
            recovered.append(path)
        journal.unlink()
    for path in recovered:
        told = f"A recording of {cassette} was cut off by a crash, or could not be saved; what it had is in {path}."
        warnings.warn(told, RuntimeWarning, stacklevel=2)
    return recovered


def _entries(journal: Path) -> list[Any]:
    entries = []
    for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entries.append(json.loads(line))
        except ValueError:
            break  # the line that was being written when the process died
    return entries


def _free(cassette: Path) -> Path:
    names = (f"{cassette.stem}.recovered{'' if number == 1 else f'-{number}'}.yaml" for number in itertools.count(1))
    return next(path for name in names if not (path := cassette.with_name(name)).exists())


def _no_glob(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _binary(value: bytes) -> dict[str, str]:
    return {"base64_string": base64.b64encode(value).decode("ascii")}
