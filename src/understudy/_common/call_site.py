"""Call sites: the line of the test that set something up, and the running test."""

from __future__ import annotations

import contextlib
import os
import sys
from contextvars import ContextVar
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
set_by: ContextVar[str | None] = ContextVar("understudy_set_by", default=None)  # what set it up, if no line of code did


def caller() -> str:
    """Return the file and line of the nearest caller outside this package.

    Frames of `contextlib` are skipped, too.
    """
    if (origin := set_by.get()) is not None:
        return origin
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() would read every source file
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_PACKAGE, contextlib.__file__)):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def current_test() -> str | None:
    """Return the running test, as pytest names it; None outside of one."""
    name = os.environ.get("PYTEST_CURRENT_TEST", "")
    return name.rpartition(" (")[0] or None


def blame(function: object) -> str:
    """Name a callable of the user, with the line that defines it if it has one."""
    name = getattr(function, "__qualname__", None) or repr(function)
    code = getattr(function, "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else name
