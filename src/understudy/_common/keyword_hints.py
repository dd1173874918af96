"""Hints for keyword arguments that a function does not take, but seems to."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def hinting(**remedies: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function to explain its unknown keyword arguments.

    Args:
        remedies: for each expected mistake, what to write instead; for any other, the nearest argument is named.

    Raises:
        TypeError: by the decorated function, for an unknown keyword argument.
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
