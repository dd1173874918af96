"""What to write instead of a keyword argument that a function does not take, but that one could expect of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def hinting(**remedies: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse these keyword arguments with what to write instead.

    Raises:
        TypeError: by the decorated function, when it is given one of them.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in remedies.keys() & kwargs.keys():
                raise TypeError(f"{function.__name__}() has no argument {name}={kwargs[name]!r}: {remedies[name]}")
            return function(*args, **kwargs)

        return called

    return decorate
