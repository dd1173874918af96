"""File search by words: deterministic, lexical, explainable.

The real service ranks by embeddings, which is not attempted here.

**The score** of a passage is the share of the query's distinct words that occur in it, from 0 to 1, rounded to four digits:
`"Filip's favorite food"` has the words filip, s, favorite, food; a passage with two of them scores 0.5. Case is
ignored, word forms are not. Passages with no word of the query are not found. Equal scores keep the order of the files and
of the passages in them.

**A passage** is a chunk of a file by its chunking strategy: `size` tokens, of which `overlap` are shared with the one
before; one word counts as one token [INF]. Only content that is text (UTF-8) has passages; nothing is extracted from a PDF.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from understudy._engine.file_objects import Chunking, File, StoreFile

_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"\w+")


class Found(NamedTuple):
    """A passage found, and the file it is in."""

    file: File
    stored: StoreFile
    score: float
    text: str


def words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def score(query: frozenset[str], passage: str) -> float:
    """Return the share of the query's words that occur in a passage, from 0 to 1.

    >>> score(words("red green"), "The green door")
    0.5
    """
    return round(len(query & words(passage)) / len(query), 4) if query else 0.0


def text_of(file: File) -> str:
    """Return the text of a file; "" if its bytes are not UTF-8."""
    try:
        return file.content.decode()
    except UnicodeDecodeError:
        return ""


def passages(text: str, chunking: Chunking) -> tuple[str, ...]:
    """Cut a text into passages.

    >>> passages("a b c d", Chunking(size=2, overlap=1))
    ('a b', 'b c', 'c d')
    """
    tokens = list(_TOKEN.finditer(text))
    step = max(chunking.size - chunking.overlap, 1)
    cut = []
    for first in range(0, len(tokens), step):
        last = min(first + chunking.size, len(tokens)) - 1
        cut.append(text[tokens[first].start() : tokens[last].end()])
        if last == len(tokens) - 1:
            break
    return tuple(cut)


def search(
    candidates: Iterable[tuple[File, StoreFile]],
    queries: Iterable[str],
    *,
    most: int = 10,
    threshold: float = 0.0,
    filters: dict[str, Any] | None = None,
) -> list[Found]:
    """Return the best passages for any of the queries, best first.

    Args:
        candidates: files, each with its entry in the store.
        queries: texts; a passage counts with its best score.
        most: the maximum number of passages.
        threshold: the minimum score.
        filters: a filter on the attributes, as the API takes it; None for none.
    """
    asked = [words(query) for query in queries]
    found = []
    for file, stored in candidates:
        if filters is not None and not matches(filters, stored.attributes):
            continue
        if stored.passages is None:
            stored.passages = passages(text_of(file), stored.chunking)
        for passage in stored.passages:
            best = max((score(query, passage) for query in asked), default=0.0)
            if best > 0 and best >= threshold:
                found.append(Found(file, stored, best, passage))
    found.sort(key=lambda hit: -hit.score)
    return found[:most]


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, listed: value in listed,
    "nin": lambda value, listed: value not in listed,
}
_NEGATIVE = ("ne", "nin")


def matches(rule: dict[str, Any], attributes: dict[str, Any]) -> bool:
    """Return whether attributes satisfy a filter.

    A missing attribute, or one of another type, satisfies only ne and nin. [INF]
    """
    if rule["type"] in ("and", "or"):
        combine = all if rule["type"] == "and" else any
        return combine(matches(part, attributes) for part in rule["filters"])
    if rule["key"] not in attributes:
        return rule["type"] in _NEGATIVE
    try:
        return _COMPARE[rule["type"]](attributes[rule["key"]], rule["value"])
    except TypeError:
        return False
