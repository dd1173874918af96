"""Replaces a function of a class or module for a while, and puts it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Undo = Callable[[], None]


def wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> Undo:
    """Replace `owner.name` by `wrapper(original)`.

    Returns:
        what puts the original back, where it was: in `owner` itself, or inherited.

    Raises:
        AttributeError: there is no such name, as in a version of a library that is not known yet.
    """
    own = vars(owner).get(name)
    setattr(owner, name, wrapper(getattr(owner, name)))
    if own is None:
        return lambda: delattr(owner, name)
    return lambda: setattr(owner, name, own)
