"""What is wrong with a cassette, and what to do about it.

Secrets, answers that break the spec, parts that are lost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from understudy._cassettes import Interaction
from understudy._cassettes.dead_api import SWITCHED_OFF, holds_only_errors
from understudy._cassettes.document import COMPRESSED, lines_of_interactions, text_of
from understudy._cassettes.scrubbing import hints_in_binary
from understudy._cassettes.secrets import Scrubber
from understudy._inspect import spec

_MOST_OF_ONE_ANSWER = 3  # violations listed for one answer: a server that differs at all differs often
_ON_LEAK = "revoke it, then write SCRUBBED in its place, or run `understudy scrub` on the file"
_ON_LEAK_BESIDE = "revoke it, then take it out by hand; within an exchange, `understudy scrub` can"
_ON_ERRORS = f"""\
the Assistants API was switched off on {SWITCHED_OFF}: if this was recorded since, delete it, and simulate the service; or \
record it from a server that still speaks the API"""
_ON_VIOLATION = "compare it with the server it came from; an answer edited by hand has to keep the API's shape"


@dataclass(frozen=True, kw_only=True)
class CassetteFinding:
    """One thing in a cassette that needs a look.

    Attributes:
        path: of the cassette.
        kind: `unreadable`, `omitted`, `secret`, `spec`, `errors`, `interrupted` or `unplayed`.
        problem: what is wrong.
        remedy: what to do.
        interaction: which exchange it is about; None for the whole file.
        file_line: the line of the file that it is about, where that is not an exchange.
    """

    path: Path
    kind: str
    problem: str
    remedy: str = ""
    interaction: Interaction | None = None
    file_line: int | None = None

    @property
    def line(self) -> int:
        """The line of the file that it is about, from 1; 1 for all of the file."""
        if self.interaction is None:
            return self.file_line or 1
        lines = _lines_of(self.path)
        return lines[self.interaction.index] if self.interaction.index < len(lines) else 1

    @property
    def brief(self) -> str:
        """Exchange and problem, for where the file and the remedy are given elsewhere."""
        return self.problem if self.interaction is None else f"{self.interaction}: {self.problem}"


@lru_cache(maxsize=1)  # findings come cassette by cassette
def _lines_of(path: Path) -> tuple[int, ...]:
    """Return the lines at which a file's exchanges begin.

    Empty if they are not in one list, and for a compressed file, which no editor opens at a line.
    """
    text, wrapped = text_of(path.read_bytes(), path)
    return () if wrapped == COMPRESSED else lines_of_interactions(text)


def findings(
    path: Path, interactions: Sequence[Interaction], scrubber: Scrubber, text: str = ""
) -> Iterator[CassetteFinding]:
    """Yield everything wrong with a cassette that could be read.

    `text`: of the file, to look for secrets beside its exchanges.
    """
    leaking = set[int]()
    for interaction in interactions:
        for where, hints in secrets(interaction, scrubber):
            leaking.add(interaction.index)
            problem = f"a secret in the {where} ({hints})"
            yield CassetteFinding(path=path, kind="secret", problem=problem, remedy=_ON_LEAK, interaction=interaction)
    yield from _secrets_beside(path, text, leaking, scrubber)
    if holds_only_errors(interactions):
        statuses = ", ".join(map(str, sorted({interaction.status for interaction in interactions})))
        yield CassetteFinding(path=path, kind="errors", problem=f"contains only errors ({statuses})", remedy=_ON_ERRORS)
    for interaction in interactions:
        for problem in _violations(interaction):
            yield CassetteFinding(path=path, kind="spec", problem=problem, remedy=_ON_VIOLATION, interaction=interaction)


def secrets(interaction: Interaction, scrubber: Scrubber) -> Iterator[tuple[str, str]]:
    """Yield where an exchange holds what looks like a secret, with hints.

    The hints do not reveal it.
    """
    for where, text in _texts(interaction):
        hints = dict.fromkeys(hint for _, hint in scrubber.find(text))
        if hints:
            yield where, ", ".join(hints)


def _secrets_beside(path: Path, text: str, leaking: Collection[int], scrubber: Scrubber) -> Iterator[CassetteFinding]:
    """Yield the secrets beside what is replayed.

    That is in comments, under unknown keys, and in binary values.

    Not those in the lines of an exchange that leaks: most likely they are the same.
    """
    found = scrubber.find(text)
    if found and leaking:
        starts = lines_of_interactions(text)
        apart = len({*starts}) == len(starts) > max(leaking)
        found = [each for each in found if apart and bisect_right(starts, each[0]) - 1 not in leaking]
    hints_at: dict[int, list[str]] = {}
    for line, hint in found:
        hints_at.setdefault(line, []).append(hint)
    for line, hints in hints_at.items():
        yield _secret_beside(path, f"line {line}", hints, line)
    binary = [] if leaking else hints_in_binary(text, path, scrubber)
    if binary:
        yield _secret_beside(path, "a binary value", binary)


def _secret_beside(path: Path, where: str, hints: list[str], line: int | None = None) -> CassetteFinding:
    problem = f"a secret in {where}, beside what is replayed ({', '.join(dict.fromkeys(hints))})"
    return CassetteFinding(path=path, kind="secret", problem=problem, remedy=_ON_LEAK_BESIDE, file_line=line)


def _texts(interaction: Interaction) -> Iterator[tuple[str, str]]:
    yield "URL", interaction.url
    for name, value in interaction.request_headers:
        yield f"request header {name}", f"{name}: {value}"
    yield "request body", _text(interaction.request_body)
    for name, value in interaction.headers:
        yield f"answer's header {name}", f"{name}: {value}"
    yield "answer's body", _text(interaction.body)


def _text(body: bytes | None) -> str:
    try:
        return (body or b"").decode("utf-8")
    except UnicodeDecodeError:
        return (body or b"").decode("latin-1")


def _violations(interaction: Interaction) -> Iterator[str]:
    wrong_first = sorted(spec.violations(interaction), key=lambda violation: bool(violation.missing))
    found = [str(violation) for violation in wrong_first]
    yield from (f"breaks the API's shape: {violation}" for violation in found[:_MOST_OF_ONE_ANSWER])
    if len(found) > _MOST_OF_ONE_ANSWER:
        yield f"breaks the API's shape in {len(found) - _MOST_OF_ONE_ANSWER} more places"


def unreadable_parts(interactions: Sequence[Interaction]) -> list[str]:
    """Return the bodies that a recorder lost, and the answers that broke off.

    Each is a sentence.
    """
    found = []
    for interaction in interactions:
        if interaction.request_body is None:
            found.append(f"{interaction}: the request's body is missing; it matches any")
        if interaction.body is None:
            found.append(f"{interaction}: the answer's body is missing; it is replayed empty")
        if interaction.broken is not None:
            kind, text = interaction.broken
            found.append(f"{interaction}: the answer broke off ({kind}: {text}); a replay breaks off in the same place")
    return found
