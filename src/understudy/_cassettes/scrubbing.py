"""Takes secrets out of an existing cassette.

A cassette without any stays as it was written, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from understudy._cassettes.binary_values import as_text, binary_values, may_have_binary
from understudy._cassettes.cleaning import changes, cleaned, listed
from understudy._cassettes.document import document
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.load import Contents, contents_of, parse
from understudy._cassettes.rewrite import Original
from understudy._cassettes.secrets import Scrubber
from understudy.errors import CassetteError


@dataclass(frozen=True)
class ScrubbedCassette:
    """A cassette without its secrets.

    Attributes:
        path: of the file that was read.
        text: what it should hold.
        cleanings: where secrets were scrubbed, see `listed`; empty if there were none.
    """

    path: Path
    text: str
    cleanings: tuple[str, ...]


def scrubbed_cassette(path: Path, scrubber: Scrubber) -> ScrubbedCassette:
    """Read a cassette and take its secrets out; write nothing.

    Args:
        path: of a cassette in vcrpy's format or our own.
        scrubber: finds the secrets; it learns those that this cassette's headers hold.

    Raises:
        CassetteError: the file cannot be read whole, is another recorder's, or would still contain a secret, or would not
            be read back unchanged.
    """
    contents = contents_of(path)
    if contents.foreign:
        raise CassetteError(
            f"{path} was not scrubbed: it is {contents.foreign}, which can be read but not written. "
            f"`understudy import {path} -o DIR` makes a scrubbed cassette of it, and leaves this file as it is."
        )
    for one in contents.interactions:
        scrubber.learn_headers((*one.request_headers, *one.headers))
    clean = {one.index: cleaned(one, scrubber) for one in contents.interactions}
    text, cleanings = rewritten(contents, contents.interactions, clean, (), scrubber)
    if not cleanings and not scrubber.find(contents.text) and not hints_in_binary(text, path, scrubber):
        return ScrubbedCassette(path, contents.text, ())
    _refuse_rest(path, text, scrubber)
    if parse(text, path) != list(clean.values()):
        raise CassetteError(f"{path} was not scrubbed: without its secrets it would not be read back unchanged")
    return ScrubbedCassette(path, text, cleanings)


def rewritten(
    there: Contents,
    kept: Sequence[Interaction],
    clean: Mapping[int, Interaction],
    added: Sequence[Interaction],
    scrubber: Scrubber,
) -> tuple[str, tuple[str, ...]]:
    """Return a cassette's text with some exchanges cleaned and others added.

    And where it was cleaned.

    Args:
        there: the cassette as it is.
        kept: those of its exchanges that stay.
        clean: by number, the same without their secrets.
        added: what comes after them.
        scrubber: for what is beside the exchanges and is not understood.
    """
    original = Original(there.text, there.path)
    entries: dict[int, dict[str, Any] | None] = {}
    changed: dict[int, list[str]] = {}
    for one in kept:
        parts = changes(one, clean[one.index])
        if not parts and (scrubber.find(original.entry(one.index)) or _hints(original.binary_values(one.index), scrubber)):
            parts = ["what is kept beside it"]
        entries[one.index] = original.merged(clean[one.index], lambda value: _without(value, scrubber)) if parts else None
        changed[one.index] = parts
    return original.rewritten(entries, added), listed(changed)


def _without(value: Any, scrubber: Scrubber) -> Any:
    """Return a value that is not understood, without its secrets."""
    if isinstance(value, str):
        return scrubber.text(value)
    if isinstance(value, bytes | BytesIO):
        return scrubber.body(value if isinstance(value, bytes) else value.getvalue())
    if isinstance(value, dict):
        return {key: _without(inner, scrubber) for key, inner in value.items()}
    return [_without(inner, scrubber) for inner in value] if isinstance(value, list | tuple) else value


def hints_in_binary(text: str, path: Path, scrubber: Scrubber) -> list[str]:
    """Return hints at the secrets in the binary values of a cassette's text."""
    return _hints(binary_values(document(text, path)), scrubber) if may_have_binary(text) else []


def _hints(binary: Iterable[bytes], scrubber: Scrubber) -> list[str]:
    return [hint for value in map(as_text, binary) for _, hint in scrubber.find(value)]


def _refuse_rest(path: Path, text: str, scrubber: Scrubber) -> None:
    found = [f"line {line}: {hint}" for line, hint in scrubber.find(text)]
    found += [f"a binary value: {hint}" for hint in hints_in_binary(text, path, scrubber)]
    if found:
        lines = "\n".join(f"  {where}" for where in found[:10])
        raise CassetteError(
            f"{path} was not scrubbed: it would still contain secrets after scrubbing, in these "
            f"lines of the new text:\n{lines}\nThey are in parts that are not understood: edit those by hand."
        )
