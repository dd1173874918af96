"""Temporary replacement of a function of a class or module."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Undo = Callable[[], None]


@lru_cache(maxsize=32)
def signature_of(original: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of a function that is replaced.

    Cached, because every simulation replaces the same few again, and reading a signature takes longer than the rest of it.
    """
    return inspect.signature(original)


def wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> Undo:
    """Replace `owner.name` by `wrapper(original)`.

    Returns:
        A function that restores the original: in `owner` itself, or inherited.

    Raises:
        AttributeError: the name does not exist, as in an unknown version of a library.
    """
    own = vars(owner).get(name)
    setattr(owner, name, wrapper(getattr(owner, name)))
    if own is None:
        return lambda: delattr(owner, name)
    return lambda: setattr(owner, name, own)
