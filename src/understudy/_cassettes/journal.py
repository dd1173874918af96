"""The journal of a recording under way.

Every exchange is in it, scrubbed and on the disk, before the app goes on.

A process that dies leaves its journal behind; the next one that records the same cassette makes a cassette of its own of it.
A secret that is recognised only later is taken out of what was written before.
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

from understudy._cassettes.atomic_files import Lock, is_locked, short_name, write_whole
from understudy._cassettes.dump import as_entry, dump
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import parse

_numbers = itertools.count(1)


class Journal:
    """Lines of one exchange each, in a hidden file beside the cassette.

    The file is made with the first of them.

    Attributes:
        path: of the file.
        failure: why an exchange could not be written, such as a full disk; None as long as all could.
    """

    def __init__(self, cassette: Path) -> None:
        self._cassette = cassette
        self.path = cassette.parent / f".{_stem(cassette)}.{os.getpid()}-{next(_numbers)}.journal"
        self._file: IO[bytes] | None = None
        self.failure: OSError | None = None
        self._lock = Lock(self.path)
        self._writing = threading.Lock()
        self._lines: list[str] = []

    def add(self, interaction: Interaction, unless: Callable[[str], object]) -> None:
        """Write an exchange durably, unless its text is not allowed on the disk.

        `unless` returns whether it is not. A disk that is full, or cannot be written to, does not
        make the app's own call fail: the exchange is kept in memory, and `failure` is the reason.
        """
        line = json.dumps(as_entry(interaction), default=_binary)
        if unless(line):
            return
        try:
            with self._writing:
                if self._file is None:
                    self._file = self._opened()
                self._append(self._file, line.encode() + b"\n")
                self._lines.append(line)
        except OSError as error:
            self.failure = error

    def rewrite(self, interactions: Callable[[], Iterable[Interaction]], unless: Callable[[str], object]) -> None:
        """Replace the exchanges written so far by cleaner ones.

        The file always has either the old ones or the new ones.
        """
        with self._writing:
            if self._file is None:
                return
            lines = [json.dumps(as_entry(interaction), default=_binary) for interaction in interactions()]
            lines = [line for line in lines if not unless(line)]
            if lines == self._lines:
                return
            try:
                self._file.close()
                try:
                    write_whole(self.path, "".join(f"{line}\n" for line in lines))
                    self._lines = lines
                finally:
                    self._file = self.path.open("ab", buffering=0)
            except OSError as error:
                self.failure = error

    def _opened(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()  # while it is held, no process takes this journal for a dead process's
        try:
            return self.path.open("wb", buffering=0)
        except OSError:
            self._lock.release(remove=True)
            raise

    def _append(self, file: IO[bytes], line: bytes) -> None:
        """Write a whole line or nothing: half a line would hide those after it."""
        start = file.tell()
        try:
            written = 0
            while written < len(line):
                written += file.write(line[written:])
            os.fsync(file.fileno())
        except OSError:
            file.truncate(start)
            file.seek(start)
            raise

    def close(self) -> None:
        """Keep the journal of a recording that could not be saved.

        The next process, or a person, can use it.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
            self._lock.release(remove=True)

    def drop(self) -> None:
        """Delete the journal of a recording that is saved, or not wanted."""
        if self._file is not None:
            self._file.close()
            self.path.unlink(missing_ok=True)
            self.close()


def recover(cassette: Path, clean: Callable[[Interaction], Interaction] = lambda interaction: interaction) -> list[Path]:
    """Make cassettes of the journals that dead processes left; return their paths.

    They are `<name>.recovered.yaml` beside the cassette.

    Args:
        cassette: whose journals.
        clean: takes out of an exchange what this process knows to be secret, which the dead one may
            not have known.
    """
    recovered = []
    pattern = re.compile(re.escape(f".{_stem(cassette)}.") + r"\d+-\d+\.journal")
    for journal in sorted(cassette.parent.glob(f".{_no_glob(_stem(cassette))}.*.journal")):
        if pattern.fullmatch(journal.name) is None or is_locked(journal):
            continue
        entries = list(_entries(journal))
        if entries:
            path = _free(cassette)
            interactions = parse(json.dumps({"interactions": entries, "version": 1}), journal)
            write_whole(path, dump(map(clean, interactions), path))
            recovered.append(path)
        journal.unlink()
    for path in recovered:
        warning = f"A recording of {cassette} was cut off by a crash, or could not be saved; what was recorded is in {path}."
        warnings.warn(warning, RuntimeWarning, stacklevel=2)
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
    stem = short_name(cassette.stem, 225)
    names = (f"{stem}.recovered{'' if number == 1 else f'-{number}'}.yaml" for number in itertools.count(1))
    return next(path for name in names if not (path := cassette.with_name(name)).exists())


def _stem(cassette: Path) -> str:
    """Return the cassette's name, shortened so that the journal's name fits."""
    return short_name(cassette.name, 220)


def _no_glob(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _binary(value: bytes) -> dict[str, str]:
    return {"base64_string": base64.b64encode(value).decode("ascii")}
