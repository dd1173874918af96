"""A piece of a text that is secret, and the text without such pieces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SCRUBBED = "SCRUBBED"


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """Where a secret is in a text.

    Attributes:
        start, end: the characters it covers, as in a slice.
        hint: what gave it away, such as a name or a prefix; never the secret.
        instead: what takes its place.
    """

    start: int
    end: int
    hint: str
    instead: str = SCRUBBED


def distinct(spans: Iterable[SecretSpan]) -> list[SecretSpan]:
    """Return the spans in order, merging those that overlap.

    One that begins inside an earlier one is dropped, and the earlier one then reaches to the end of
    both.
    """
    found: list[SecretSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if found and span.start < found[-1].end:
            if span.end > found[-1].end:
                last = found[-1]
                found[-1] = SecretSpan(last.start, span.end, last.hint, last.instead)
        else:
            found.append(span)
    return found


def without(text: str, spans: Iterable[SecretSpan]) -> str:
    """Return the text with each span replaced by its `instead`."""
    pieces, at = [], 0
    for span in distinct(spans):
        pieces += [text[at : span.start], span.instead]
        at = span.end
    return "".join([*pieces, text[at:]])


def lower(text: str) -> str:
    """Return the text in lower case, every character at its place.

    `str.lower` makes two characters of `İ`, after which positions no longer agree.
    """
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if c.isascii() else c for c in text)
