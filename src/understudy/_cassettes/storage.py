"""The storage of a recording: cleaned, made readable, merged, and saved whole.

Secrets are taken out, and what others recorded is kept.

A recording that is on the disk is not given up lightly: since the service is gone, there may be no other.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from understudy._cassettes.atomic_files import LONGEST_NAME, locked, short_name, write_whole
from understudy._cassettes.cleaning import cleaned
from understudy._cassettes.dead_api import ON_DEAD, dead_create
from understudy._cassettes.dump import dump, readable
from understudy._cassettes.id_renaming import renamed, renaming
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.journal import Journal, recover
from understudy._cassettes.load import Contents, contents_of, parse
from understudy._cassettes.resources import object_path, pollable
from understudy._cassettes.scrubbing import hints_in_binary, rewritten
from understudy._cassettes.secrets import REQUEST_HEADERS, RESPONSE_HEADERS, Scrubber, without_secrets
from understudy._common.messages import Headers
from understudy.errors import CassetteError

# One test run, whatever the number of its processes: pytest-xdist gives its workers a common name.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex

_ID = re.compile(r"[a-z_]+[_-][A-Za-z0-9]{3,}")


class Storage:
    """The file of a cassette, and everything that guards it.

    Args:
        path: of the cassette.
        scrubber: takes the secrets out.
        rename_ids, keep_polls, force: see `CassetteSession`.
        known: returns the names of ids that other recordings have given, and this one has to give, too.
    """

    def __init__(
        self,
        path: Path,
        scrubber: Scrubber,
        *,
        rename_ids: bool,
        keep_polls: bool,
        force: bool,
        known: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._known = known
        self.path = path
        self._scrubber = scrubber
        self._rename_ids, self._keep_polls, self._force = rename_ids, keep_polls, force
        self._journal = Journal(path)
        self._written: list[Interaction] = []  # to the journal, as they were recorded
        self._learning = threading.Lock()
        self._base: list[Interaction] = []

    def read(self) -> Contents:
        """Return what the cassette holds now.

        What other processes add from here on is kept.
        """
        contents = contents_of(self.path)
        self._base = contents.interactions
        return contents

    def recover(self) -> list[Path]:
        with locked(self.path):
            return recover(self.path, lambda interaction: without_secrets(interaction, self._scrubber))

    def is_of_this_run(self) -> bool:
        """Return True if the cassette was recorded by this very test run.

        By this process or a worker beside it.
        """
        with locked(self.path) as notes:
            return notes.exists() and notes.read_text() == RUN

    def learn(self, headers: Headers) -> None:
        """Learn the secrets in these headers, and take them out wherever they appear.

        In what the journal has already, too.
        """
        with self._learning:
            new = self._scrubber.learn_headers(headers)
            if new and any(self._holds(interaction, new) for interaction in self._written):
                self._journal.rewrite(lambda: map(self._clean, self._written), unless=self._scrubber.find)

    def journal(self, interaction: Interaction) -> None:
        """Write an exchange to the journal at once, in case of a crash."""
        with self._learning:
            self._written.append(interaction)
            self._journal.add(self._clean(interaction), unless=self._scrubber.find)

    def _holds(self, interaction: Interaction, secrets: Sequence[str]) -> bool:
        """Return True if a recorded exchange has one of these secrets, in any coding."""
        bodies = ((body or b"").decode("utf-8", "replace") for body in (interaction.request_body, interaction.body))
        pairs = (*interaction.request_headers, *interaction.headers)
        texts = (interaction.url, *bodies, *(value for _, value in pairs), *(interaction.broken or ()))
        return any(self._scrubber.holds(text, secrets) for text in texts)

    def check(self, recorded: Sequence[Interaction], *, replace: bool) -> None:
        """Do everything that saving does except writing.

        What saving would refuse is then known while the test still runs.

        Raises:
            CassetteError: as `save`.
        """
        if recorded:
            with self._locked():
                self._text(recorded, replace)

    def save(self, recorded: Sequence[Interaction], *, replace: bool, failed: bool) -> Path | None:
        """Save what was recorded, beside or instead of what the cassette holds.

        What a failed test recorded does not become the cassette: it would be replayed from then on. It is set aside, in
        `NAME.failed.yaml` beside it, until the test passes; where a cassette was there before, that stays as it was.

        Returns:
            Where it was set aside; None if it was not.

        Raises:
            CassetteError: it still contains a secret, would replace recorded successes by errors, or contains only what a
                switched-off service says. The file is unchanged.
        """
        cleanings: tuple[str, ...] = ()
        aside = None
        try:
            if recorded and not failed:
                with self._locked() as notes:
                    text, cleanings = self._text(recorded, replace)
                    self._write(self.path, text)
                    with suppress(OSError):  # the cassette is saved; without the note, the next test only plays it
                        notes.write_text(RUN)
                self._aside.unlink(missing_ok=True)
            elif recorded and not self._base:
                text, _ = self._text(recorded, replace)
                self._write(self._aside, text)
                aside = self._aside
            self._journal.drop()
        finally:
            self._journal.close()
        _report(self.path, cleanings)  # last: if warnings are errors, it is saved nevertheless
        return aside

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        """Hold the lock of the cassette; see `locked`.

        Raises:
            CassetteError: it cannot be held; it names where the recording is now.
        """
        with ExitStack() as stack:
            try:
                notes = stack.enter_context(locked(self.path))
            except OSError as error:
                raise CassetteError(self._unwritten(error)) from error
            yield notes

    def _write(self, path: Path, text: str) -> None:
        try:
            write_whole(path, text)
        except OSError as error:
            raise CassetteError(self._unwritten(error)) from error

    def _unwritten(self, error: OSError) -> str:
        """Return the message that the file system refused the cassette.

        It names where the recording is now.
        """
        what = f"{self.path} was not written: {error.strerror or error}."
        failure = self._journal.failure
        if failure is None:
            return (
                f"{what} What was recorded is in {self._journal.path}: make room (or the folder writable) and record this "
                "cassette again, then it is saved beside it as a cassette of its own."
            )
        journal = self._journal.path
        kept = journal.exists() and journal.stat().st_size > 0
        rest = "it holds the exchanges before that" if kept else "nothing of the recording is kept"
        return f"{what} Its journal, {journal}, could not be written whole ({failure.strerror or failure}): {rest}."

    @property
    def _aside(self) -> Path:
        suffix = self.path.suffix or ".yaml"
        short = Path(short_name(f"{self.path.stem}{suffix}", LONGEST_NAME - len(".failed")))
        return self.path.with_name(f"{short.stem}.failed{suffix}")

    def discard(self) -> None:
        """Save nothing, and delete the journal."""
        self._journal.drop()

    def leave(self) -> None:
        """Save nothing, and keep the journal.

        It is for the next process or for a person.
        """
        self._journal.close()

    def _text(self, recorded: Sequence[Interaction], replace: bool) -> tuple[str, tuple[str, ...]]:
        """Return the cassette's next text, and which of its exchanges had to be cleaned."""
        there = contents_of(self.path) if self.path.exists() else None
        if there is not None and there.foreign:
            raise CassetteError(refusal_to_write(there))
        old = there.interactions if there is not None else []
        kept = _without(old, self._base) if replace else old
        clean = {one.index: cleaned(one, self._scrubber) for one in kept}
        theirs = list(clean.values())
        ours = self._finished(recorded, theirs)
        if not self._force:
            self._refuse_silence(ours)
            if replace:
                self._refuse_errors(ours)
            self._refuse_dead_api(ours)
        whole = _numbered([*theirs, *ours])
        if there is None:
            text, cleanings = dump(whole, self.path), tuple[str, ...]()
        else:
            text, cleanings = rewritten(there, kept, clean, ours, self._scrubber)
        self._refuse_secrets(text)
        if parse(text, self.path) != whole:
            raise CassetteError(f"{self.path} was not written: what was recorded would not be read back unchanged")
        return text, cleanings

    def _finished(self, recorded: Sequence[Interaction], theirs: Sequence[Interaction]) -> list[Interaction]:
        clean = [self._clean(interaction) for interaction in recorded]
        if not self._keep_polls:
            clean = collapsed(clean)
        if self._rename_ids:
            clean = renamed(clean, dump(theirs, self.path) if theirs else "", self._known())
        return clean

    def names(self, recorded: Sequence[Interaction]) -> Mapping[str, str]:
        """Return the names that the ids of a recording get when it is saved.

        Including those known from elsewhere.
        """
        if not self._rename_ids:
            return self._known()
        return renaming([self._clean(interaction) for interaction in recorded], "", self._known())

    def _clean(self, interaction: Interaction) -> Interaction:
        scrubber = self._scrubber
        body = interaction.body if interaction.timings or interaction.broken else readable(interaction.body)
        clean = scrubber.body(body or b"")
        broken = interaction.broken
        return replace(
            interaction,
            url=scrubber.url(interaction.url),
            request_headers=_grouped(scrubber.headers(interaction.request_headers, REQUEST_HEADERS)),
            request_body=scrubber.body(readable(interaction.request_body) or b""),
            headers=_grouped(scrubber.headers(interaction.headers, RESPONSE_HEADERS)),
            body=clean,
            timings=interaction.timings if clean == body else (),  # they count bytes, and the bytes have changed
            broken=(broken[0], scrubber.text(broken[1])) if broken else None,
        )

    def _refuse_secrets(self, text: str) -> None:
        found = [f"line {line}: {hint}" for line, hint in self._scrubber.find(text)]
        found += [f"a binary value: {hint}" for hint in hints_in_binary(text, self.path, self._scrubber)]
        if found:
            where = "\n".join(f"  {place}" for place in found[:10])
            raise CassetteError(
                f"{self.path} was not written: it would still hold {len(found)} possible secrets, in these places:\n"
                f"{where}\nTake them out where they come from, or with a hook (before_record_request, "
                f"before_record_response). `understudy check {self.path}` names those that were in the file before."
            )

    def _refuse_silence(self, ours: Sequence[Interaction]) -> None:
        """Refuse a recording in which no server answered.

        From then on it would only hide that none was there.
        """
        if all(interaction.broken is not None and not interaction.headers for interaction in ours):
            kind, text = ours[-1].broken or ("", "")
            self._journal.drop()
            raise CassetteError(
                f"{self.path} was not written: no server answered ({ours[-1].method} {ours[-1].url}: {kind}: {text}). Is it "
                "running, and is that the address to record from? force=True (--understudy-force) records it all the same."
            )

    def _refuse_dead_api(self, ours: Sequence[Interaction]) -> None:
        """Refuse a recording of a switched-off service.

        It says nothing about the app, and would be replayed from then on.
        """
        gone = dead_create(ours)
        if gone is not None:
            if all(interaction.status >= 400 for interaction in ours):  # otherwise the journal keeps what is worth keeping
                self._journal.drop()
            raise CassetteError(f"{self.path} was not written: {gone.method} {gone.path} answered {gone.status}. {ON_DEAD}")

    def _refuse_errors(self, ours: Sequence[Interaction]) -> None:
        """Refuse to replace recorded successes by errors.

        Since the service was switched off everything answers 404, which must not replace what it
        once said.
        """
        good = {_route(interaction) for interaction in self._base if interaction.status < 400}
        now = {_route(interaction) for interaction in ours if interaction.status < 400}
        for interaction in ours:
            gone = interaction.status in (401, 404, 410) or interaction.status >= 500
            if gone and _route(interaction) in good - now:
                self._journal.drop()
                raise CassetteError(
                    f"{self.path} was kept as it was: {interaction.method} {interaction.path} answered "
                    f"{interaction.status} now, and the cassette holds a success. force=True (--understudy-force) "
                    "replaces it all the same."
                )


def refusal_to_write(contents: Contents) -> str:
    """Return why a cassette is played and not recorded to, and what to do."""
    return (
        f"{contents.path} is not recorded to: it is {contents.foreign}, and would be rewritten in another form. It was left "
        f"as it is. To record to a copy: `understudy import {contents.path}`, and name the new file in the test."
    )


def _report(path: Path, cleanings: Sequence[str]) -> None:
    """Warn about what was changed in exchanges that were recorded before."""
    if cleanings:
        lines = "\n".join(f"  {line}" for line in cleanings)
        text = f"{path}: exchanges that were recorded before held secrets; they have been replaced by SCRUBBED:\n{lines}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)


def _grouped(headers: Headers) -> Headers:
    """Return the headers with the values of one name beside each other."""
    names = [name for name, _ in headers]
    return tuple(sorted(headers, key=lambda pair: names.index(pair[0])))


def collapsed(interactions: Sequence[Interaction]) -> list[Interaction]:
    """Return the interactions without the polls that showed nothing new.

    The one before them says how long and how many.
    """
    kept: list[Interaction] = []
    last: dict[str, int] = {}  # path of an object to the place of its last poll
    for interaction in interactions:
        path = interaction.path
        if not interaction.is_read:
            last.clear()
        elif pollable(path) and interaction.status == 200 and object_path(interaction.json) == path:
            place = last.get(path)
            if place is not None and kept[place].json == interaction.json:
                kept[place] = _longer(kept[place], interaction)
                continue
            last[path] = len(kept)
        kept.append(interaction)
    return kept


def _longer(first: Interaction, again: Interaction) -> Interaction:
    assert first.recorded_at  # the recorder notes the time of every exchange
    assert again.recorded_at
    between = datetime.fromisoformat(again.recorded_at) - datetime.fromisoformat(first.recorded_at)
    return replace(first, dwell=(round(between.total_seconds(), 3), first.dwell[1] + 1))


def _without(interactions: Sequence[Interaction], old: Sequence[Interaction]) -> list[Interaction]:
    known = {replace(interaction, index=0) for interaction in old}
    return [interaction for interaction in interactions if replace(interaction, index=0) not in known]


def _numbered(interactions: Sequence[Interaction]) -> list[Interaction]:
    return [replace(interaction, index=number) for number, interaction in enumerate(interactions)]


def _route(interaction: Interaction) -> tuple[str, str]:
    """Return the method, and the path without the ids in it."""
    parts = [_ID.sub("{id}", part) if any(map(str.isdigit, part)) else part for part in interaction.path.split("/")]
    return interaction.method, "/".join(parts)
