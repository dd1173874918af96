"""Ids, or objects that have one: a test can name an object by either."""

from __future__ import annotations

from typing import Protocol


class HasId(Protocol):
    """An object with an id: from a backend, or from the SDK."""

    @property
    def id(self) -> str: ...


def id_of(given: str | HasId, method: str, kind: str) -> str:
    """Return the id of an object, or the id itself.

    Raises:
        TypeError: neither; the message names the method and the kind of object expected.
    """
    found = given if isinstance(given, str) else getattr(given, "id", None)
    if isinstance(found, str):
        return found
    raise TypeError(f"{method}({given!r}): expected the id of a {kind} (a str), or an object with such an `id`")
