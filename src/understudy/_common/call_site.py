"""Where something was set up: the line of the test's own code, and the test that runs."""

from __future__ import annotations

import contextlib
import os
import sys
from contextvars import ContextVar
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
set_by: ContextVar[str | None] = ContextVar("understudy_set_by", default=None)  # who, where no line of code does


def caller() -> str:
    """Return file and line of the nearest caller outside this package, and of `with`."""
    if (origin := set_by.get()) is not None:
        return origin
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, contextlib.__file__)):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def current_test() -> str | None:
    """Return the test that runs, as pytest names it; None outside of one."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "")
    return name.rpartition(" (")[0] or None


def blame(function: object) -> str:
    """Name a callable of the user's, with the line that defines it where it has one."""
    name = getattr(function, "__qualname__", None) or repr(function)
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else name
