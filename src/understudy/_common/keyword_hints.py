"""What to write instead of a keyword argument that a function does not take, but that one could expect of it."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def hinting(**remedies: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse these keyword arguments with what to write instead, and of any other unknown one name the nearest.

    Raises:
        TypeError: by the decorated function, when it is given one of them.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known = frozenset(inspect.signature(function).parameters)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in remedies.keys() & kwargs.keys():
                raise TypeError(f"{function.__name__}() has no argument {name}={kwargs[name]!r}: {remedies[name]}")
            for name in kwargs.keys() - known:
                close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"Did you mean {close[0]!r}?" if close else f"It takes {', '.join(sorted(known - {'self'}))}."
                raise TypeError(f"{function.__name__}() got an unexpected keyword argument {name!r}. {hint}")
            return function(*args, **kwargs)

        return called

    return decorate
