"""The limits of a body as values: of one field, and between fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Bound(NamedTuple):
    """One limit of a value.

    Attributes:
        kind: what it limits: `most characters`, `least`, `pattern`, `prefix`, ...
        value: the number, the pattern or the allowed words.
        refusal: the refusal when it is broken, a key of `error_texts.REFUSALS`.
        mark: the evidence for the bound (not for the sentence).
    """

    kind: str
    value: Any
    refusal: str
    mark: str


class Rule(NamedTuple):
    """A rule between the keys of an object.

    Attributes:
        says: what must hold, in words.
        refusal: the refusal otherwise.
        mark: the evidence for it.
        check: called with the object and its path; raises `ApiError`.
    """

    says: str
    refusal: str
    mark: str
    check: Callable[[Any, str], None]
