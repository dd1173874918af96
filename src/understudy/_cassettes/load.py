"""Reads cassettes: our own, vcrpy's, pytest-recording's, and other recorders'.

See `formats` for the latter.

A cassette that cannot be read whole is refused with its name, the line and what to do. It is never taken for an empty one:
since the service is gone, an empty cassette is a lost one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from understudy._cassettes.atomic_files import LONGEST_NAME, special_kind
from understudy._cassettes.document import document, line_of_interaction, refuse, refuse_unknown, text_of
from understudy._cassettes.formats import vcrpy
from understudy._cassettes.formats.fields import Omitted, UnknownBody
from understudy._cassettes.formats.known import READERS, reader_of
from understudy._cassettes.formats.reader import Reader, first, members, part
from understudy._cassettes.formats.unread import unread, unread_bytes
from understudy._cassettes.interaction import Interaction
from understudy._common.nearest_file import did_you_mean_file
from understudy.errors import CassetteError

FORMAT = 1  # of vcrpy's files; vcrpy has had no other since 1.0
OUR_FORMAT = 1  # of the keys we add (`understudy:` at the top and in each interaction)
_AS_HAR = "If another recorder wrote it, export the traffic as HAR, which is read"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The contents of a cassette.

    Attributes:
        path: of the file.
        recorder: whose format it is in: `"vcrpy"` for vcrpy's and our own, else the recorder's usual name.
        interactions: its exchanges, in the order in which they were recorded.
        omitted: what it mentions but does not contain, a sentence each.
        wrapped: how the text is wrapped, `"compressed"` or `"in utf-16"`; None for plain UTF-8.
        text: the text itself.
    """

    path: Path
    recorder: str
    interactions: list[Interaction]
    omitted: tuple[str, ...] = ()
    wrapped: str | None = None
    text: str = ""

    @property
    def foreign(self) -> str | None:
        """What this file is, if it is not recorded to; None if it is vcrpy's or our own."""
        if self.recorder != vcrpy.READER.recorder:
            return f"a file of {self.recorder}"
        return f"{self.wrapped}" if self.wrapped else None


def load(path: str | Path) -> list[Interaction]:
    """Read a cassette of any recorder that is known here.

    Raises:
        CassetteError: the file is missing, empty, cut off, corrupt, not a cassette, or in a format that is not read.
    """
    return contents_of(path).interactions


def contents_of(path: str | Path) -> Contents:
    """Read a cassette and what else there is to know about its file.

    Raises:
        CassetteError: as `load`.
    """
    path = Path(path)
    refuse_special(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CassetteError(
            f"{path}: no such cassette.{did_you_mean_file(path)} Record it with record='once' "
            "(--understudy-record=once) against a server that speaks the API, or use the simulator instead."
        ) from None
    except OSError as error:
        raise CassetteError(f"{path}: this cassette cannot be read: {error.strerror or error}") from error
    known = unread_bytes(content)
    if known is not None:
        refuse_unknown(path, f"is {known[0]}, which is not read", f"To play it, {known[1]}.")
    text, wrapped = text_of(content, path)
    return parsed(text, path, wrapped)


def refuse_special(path: Path) -> None:
    """Refuse a path that cannot be a cassette's.

    Such as a directory, a named pipe, a device, or a name that no file can have.

    Raises:
        CassetteError: it is one of these.
    """
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise CassetteError(
            f"{path}: this name has {size} bytes, and a file's name can have {LONGEST_NAME}. Choose a shorter one."
        )
    kind = special_kind(path)
    if kind is not None:
        shown = str(path).replace("\0", "\\0")
        raise CassetteError(f"{shown}: this is {kind}, not a cassette. Give the path of a file, such as 'tutorial.yaml'.")


def parse(text: str, path: str | Path) -> list[Interaction]:
    """Return the interactions of a cassette's text; `path` is for messages."""
    return parsed(text, Path(path)).interactions


def parsed(text: str, path: Path, wrapped: str | None = None) -> Contents:
    """Return the contents of a cassette's text."""
    if not text.strip():
        refuse(path, 1, "is empty: a save was interrupted, or a merge went wrong")
    data = document(text, path)
    reader = _reader(data, path, text)
    interactions: list[Interaction] = []
    omitted = []
    for number, entry in enumerate(_entries(reader, data, path, text)):
        try:
            interactions.append(reader.interaction(len(interactions), entry, path))
        except Omitted as reason:
            omitted.append(f"exchange {number} (from 0): {reason}")
        except UnknownBody as error:
            _refuse_body(reader, number, path, text, error)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            _refuse_entry(reader, number, path, text, error)
    if omitted and not interactions:
        refuse_unknown(path, f"is {reader.recorder}'s, and holds no exchange", f"Its {omitted[0]}.")
    return Contents(
        path=path, recorder=reader.recorder, interactions=interactions, omitted=tuple(omitted), wrapped=wrapped, text=text
    )


def _reader(data: Any, path: Path, text: str) -> Reader:
    reader = reader_of(data)
    is_vcrpys = reader is vcrpy.READER
    if reader is None or (is_vcrpys and not isinstance(data.get("version"), int)):
        known = unread(data)
        if known is not None:
            refuse_unknown(path, f"is {known[0]}, which is not read", f"To play it, {known[1]}.", 1)
    if reader is None:
        _refuse_stranger(data, path)
    if is_vcrpys:
        _refuse_cut_or_newer(data, path, text)
    return reader


def _refuse_stranger(data: Any, path: Path) -> NoReturn:
    if "request" in first(members(data)):
        remedy = "Convert a copy of it with `python -m vcr.migration`, which belongs to vcrpy."
        refuse_unknown(path, "was written by a vcrpy older than 1.0", remedy, 1)
    names = ", ".join(reader.recorder for reader in READERS)
    keys = f"; it begins with the key `{next(iter(data))}`" if isinstance(data, dict) and data else ""
    remedy = f"{_AS_HAR}; if it was one of these once, restore it from version control."
    refuse_unknown(path, f"is not a cassette of any recorder known here ({names}){keys}", remedy, 1)


def _entries(reader: Reader, data: Any, path: Path, text: str) -> Sequence[Any]:
    lists = [key for key in ("interactions", "http_interactions") if key in part(data)]
    if lists and not isinstance(data[lists[0]], list):
        refuse(path, _line_of(text, f"{lists[0]}:"), "is not a cassette: its interactions are not a list")
    entries = reader.entries(data)
    # Every such writer puts a line after the interactions: without it the end is missing.
    ends = data, entries and entries[-1]  # R's vcr 1 says it of each exchange
    if lists == ["http_interactions"] and not any("recorded_with" in part(end) for end in ends):
        refuse(path, text.count("\n") + 1, "is cut off: the line `recorded_with:` at its end is missing")
    return entries


def _refuse_cut_or_newer(data: Any, path: Path, text: str) -> None:
    ours = data.get("understudy") or {}
    _refuse_newer(path, text, "version:", "vcrpy", data.get("version"), FORMAT)
    if isinstance(ours, dict):
        _refuse_newer(path, text, "  format:", "understudy", ours.get("format"), OUR_FORMAT)
    if "version" not in data:
        refuse(path, text.count("\n") + 1, "is cut off: the line `version: 1` at its end is missing")


def _refuse_newer(path: Path, text: str, start: str, whose: str, version: Any, known: int) -> None:
    if isinstance(version, int) and version > known:
        line = _line_of(text, start) or 1
        problem = f"was written in format {version} of {whose}, newer than the {known} known here"
        refuse_unknown(path, problem, "Upgrade understudy; if it is damaged, restore it from version control.", line)


def _line_of(text: str, start: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(start):
            return number
    return None


def _refuse_body(reader: Reader, number: int, path: Path, text: str, error: UnknownBody) -> NoReturn:
    problem = f"({reader.recorder}'s) has an exchange (number {number}, from 0) that cannot be replayed: {error}"
    remedy = "If a serializer of the project's own wrote it, write a copy with the recorder's."
    refuse_unknown(path, problem, remedy, line_of_interaction(text, number))


def _refuse_entry(reader: Reader, number: int, path: Path, text: str, error: Exception) -> NoReturn:
    line = line_of_interaction(text, number)
    if reader is vcrpy.READER:
        problem = f"has an interaction (number {number}, from 0) that is cut off or corrupt: {_in_words(error)}"
        refuse(path, line, problem, error)
    problem = f"has an exchange (number {number}, from 0) that is not as {reader.recorder} writes it: {_in_words(error)}"
    refuse_unknown(path, problem, f"If it was cut off, restore it from version control. {_AS_HAR}.", line)


def _in_words(error: Exception) -> str:
    """Return what is wrong with an exchange, in words."""
    if isinstance(error, KeyError):
        return f"it has no `{error.args[0]}`"
    if isinstance(error, TypeError | AttributeError) and not str(error).startswith("expected "):
        return "a part of it is of another kind than expected, such as a text in place of a mapping"
    if isinstance(error, RecursionError):  # pragma: no cover - depends on how deep the caller is already
        return "it is nested too deeply"
    return str(error)
