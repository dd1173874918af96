"""Temporary replacement of a function of a class or module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Undo = Callable[[], None]


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
