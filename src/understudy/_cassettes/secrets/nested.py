"""Secrets inside an encoded part of a text.

A link inside a link, percent-encoded as often as it is nested; a file or a body in base64. Known secrets are found in
their codings without this (`codings`); here a part is decoded, and searched as the text that it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

from understudy._cassettes.secrets.spans import SecretSpan, without

FindSpans = Callable[[str], list[SecretSpan]]

_RUN = re.compile(r"[^\s\"'\\<>]++")  # possessive: each character is looked at once, however long an image in base64 is
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_PIECE = re.compile(r"(?:%[0-9A-Fa-f]{2})+|[^%]+|%")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}(?![A-Za-z0-9+/_=-])")
_SAMPLE = 64  # characters of base64 that show whether it is text: a multiple of 4
_TO_STANDARD = str.maketrans("-_", "+/")
_FROM_STANDARD = str.maketrans("+/", "-_")


def nested_spans(text: str, find: FindSpans) -> Iterator[SecretSpan]:
    """Yield where an encoded part of a text has a secret.

    `find` returns the secrets of a decoded part; it may look for further ones inside it.
    """
    if "%" in text:
        for run in _RUN.finditer(text):
            if "%" not in run[0] or _PERCENT.search(run[0]) is None:
                continue
            decoded, places = _unquoted(run[0])
            for span in find(decoded):
                start, end = run.start() + places[span.start], run.start() + places[span.end]
                yield SecretSpan(start, end, span.hint, span.instead)
    for run in _BASE64.finditer(text):
        plain = _decoded(run[0])
        found = find(plain) if plain is not None else []
        if plain is not None and found:
            yield SecretSpan(run.start(), run.end(), found[0].hint, _encoded(without(plain, found), like=run[0]))


def _unquoted(text: str) -> tuple[str, list[int]]:
    """Return a text with its percent-encoding taken off once.

    And where each of its characters began in the encoded text; the last number is its end.
    """
    characters: list[str] = []
    places: list[int] = []
    for piece in _PIECE.finditer(text):
        at = piece.start()
        is_encoded = piece[0][0] == "%" and len(piece[0]) > 1
        for character, size in _characters(piece[0]) if is_encoded else ((one, 1) for one in piece[0]):
            characters.append(character)
            places.append(at)
            at += size
    return "".join(characters), [*places, len(text)]


def _characters(encoded: str) -> Iterator[tuple[str, int]]:
    """Yield the characters of percent-encoded bytes, with their encoded lengths."""
    raw = bytes.fromhex(encoded.replace("%", ""))
    try:
        yield from ((one, 3 * len(one.encode())) for one in raw.decode())
    except UnicodeDecodeError:
        yield from ((one, 3) for one in raw.decode("latin-1"))


def _decoded(text: str) -> str | None:
    """Return the text that is in base64 here; None if it is not text."""
    standard = text.rstrip("=").translate(_TO_STANDARD)
    sample = _bytes(standard[:_SAMPLE])
    if sample is None or any(byte < 9 or 13 < byte < 32 for byte in sample):
        return None
    raw = _bytes(standard)
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def _bytes(standard: str) -> bytes | None:
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        return None


def _encoded(text: str, like: str) -> str:
    """Return a text in base64, with the alphabet and the padding of another."""
    coded = base64.b64encode(text.encode()).decode("ascii")
    if "-" in like or "_" in like:
        coded = coded.translate(_FROM_STANDARD)
    return coded if like.endswith("=") or len(like) % 4 == 0 else coded.rstrip("=")
