"""What a session starts from: what its cassettes hold, and whether it records."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from understudy._cassettes.atomic_files import unwritable
from understudy._cassettes.choices import RecordMode
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import load, refuse_special
from understudy._cassettes.sharing import numbered, of_this_test
from understudy._cassettes.storage import Storage, refusal_to_write
from understudy.errors import CassetteError


class Opening:
    """Opens the cassettes of a session.

    Args:
        storage: of the cassette that is recorded to.
        may_be_missing: whether cassettes that are only played may be absent.

    Attributes:
        records: whether the session records what it does not play.
        missing: the error of the first cassette that is absent; None if all are there, or one that is may not be.
        unwritable: why nothing can be added to what is played; None if something can, or was not asked to be.
    """

    def __init__(self, storage: Storage, *, may_be_missing: bool) -> None:
        self._storage = storage
        self._may_be_missing = may_be_missing
        self.records = False
        self.missing: CassetteError | None = None
        self.unwritable: str | None = None

    def interactions(self, record: RecordMode, more: Sequence[Path]) -> list[Interaction]:
        """Return what there is to play: of the first cassette, then of the others.

        Raises:
            CassetteError: one cannot be read, or the first one cannot be recorded to.
        """
        first = self._first(record)
        if record == "all" or not more:
            return first
        others = [of_this_test(self._read(other), or_all=True) for other in more]
        return numbered([*first, *chain.from_iterable(others)])

    def _first(self, record: RecordMode) -> list[Interaction]:
        path = self._storage.path
        if record == "none":
            return of_this_test(self._read(path), or_all=True)
        refuse_special(path)
        self._storage.recover()
        exists = path.exists()
        contents = self._storage.read() if exists else None
        before = contents.interactions if contents else []
        if record == "once" and exists and not self._storage.is_of_this_run():
            return of_this_test(before, or_all=True)
        if contents is not None and contents.foreign:
            self.unwritable = refusal_to_write(contents)
            if record == "all":
                raise CassetteError(self.unwritable)
            return of_this_test(before, or_all=True)
        problem = unwritable(path)
        if problem is not None:
            raise CassetteError(f"{path} cannot be recorded to: {problem}.")
        self.records = True
        return [] if record == "all" else of_this_test(before, or_all=False)

    def _read(self, path: Path) -> list[Interaction]:
        """Return the contents of a cassette that is only played.

        Nothing, if it may be missing and is.
        """
        try:
            return load(path)
        except CassetteError as error:
            if not self._may_be_missing or path.exists():
                raise
            self.missing = self.missing or error
            return []
