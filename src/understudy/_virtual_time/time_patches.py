"""Patches of the functions of `time`, under every name they have in a module.

A replacement looks, at each call, at its caller: only code inside a simulation with `time="sleep"`, and not of the standard
library, pytest or hypothesis, gets virtual time. Everything else, including other threads, is unaffected.

Out of reach are functions captured in a default argument, a class or a container before the simulation was entered, and
clocks that are not in `time` (`datetime.now`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from understudy._virtual_time.excepted_modules import is_excepted
from understudy._virtual_time.virtual_clock import here

_NANOSECONDS = 1_000_000_000

_replaced: list[tuple[Any, str, str]] = []  # owner, its name for a function, the function's own
_scanned: dict[str, Any] = {}  # modules already searched, by their name in `sys.modules`
_holders: dict[str, tuple[ModuleType, list[tuple[str, str]]]] = {}  # those of them with names for functions of `time`


def _sleep(seconds: float) -> None:
    moment = None if is_excepted(sys._getframe(1).f_globals.get("__name__")) else here()  # noqa: SLF001 - the caller
    if moment is None or not isinstance(seconds, int | float) or seconds < 0:
        _ORIGINALS["sleep"](seconds)  # which refuses anything but a number of seconds
        return
    moment.sleep(seconds)
    if threading.active_count() > 1:
        _ORIGINALS["sleep"](0)  # like every sleep, give other threads a turn


def _reading(name: str, factor: int | None) -> Callable[[], float]:
    seconds = name.removesuffix("_ns")

    def read() -> float:
        moment = None if is_excepted(sys._getframe(1).f_globals.get("__name__")) else here()  # noqa: SLF001
        if moment is None:
            return _ORIGINALS[name]()  # type: ignore[no-any-return]
        value: float = getattr(moment, seconds)()
        return value if factor is None else round(value * factor)

    read.__name__ = read.__qualname__ = name
    return read


_REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "sleep": _sleep,
    **{name: _reading(name, None) for name in ("time", "monotonic", "perf_counter")},
    **{name: _reading(name, _NANOSECONDS) for name in ("time_ns", "monotonic_ns", "perf_counter_ns")},
}
# Python's own. Not read on import: a test may have replaced one of them by then.
_ORIGINALS: dict[str, Callable[..., Any]] = {}
_NAME_OF: dict[int, str] = {}


def replaced_by_another() -> str | None:
    """Return the name of a function of `time` that others have patched, or None."""
    for name in _REPLACEMENTS:
        function = getattr(time, name)
        if getattr(function, "__self__", None) is not time or function.__name__ != name:
            return name
    return None


def replace() -> None:
    """Replace them in `time`, and in every module that imported one by name.

    None of them has been replaced by another (`replaced_by_another`).
    """
    if not _ORIGINALS:
        _ORIGINALS.update((name, getattr(time, name)) for name in _REPLACEMENTS)
        _NAME_OF.update((id(original), name) for name, original in _ORIGINALS.items())
    for name in _REPLACEMENTS:
        _replace(time, name, name)
    _scan()
    for key, (module, names) in _holders.items():
        if sys.modules.get(key) is module:
            for name, function in names:
                _replace(module, name, function)


def restore() -> None:
    """Restore everything; a name that was set to something else since is left alone."""
    while _replaced:
        owner, name, function = _replaced.pop()
        if getattr(owner, name, None) is _REPLACEMENTS[function]:
            setattr(owner, name, _ORIGINALS[function])


def _replace(owner: Any, name: str, function: str) -> None:
    if getattr(owner, name, None) is _ORIGINALS[function]:
        setattr(owner, name, _REPLACEMENTS[function])
        _replaced.append((owner, name, function))


def _scan() -> None:
    """Search the modules that are new since the last time: few of some thousand.

    Other threads may be importing: unlike `list(items())`, `copy()` is one step for them.
    """
    modules = sys.modules.copy()
    if modules == _scanned:  # compares by identity first, and so at once
        return
    for key, module in modules.items():
        if _scanned.get(key) is not module:
            _holders.pop(key, None)
            if names := _names_in(module):
                _holders[key] = (module, names)
    _scanned.clear()
    _scanned.update(modules)


def _names_in(module: Any) -> list[tuple[str, str]]:
    """Return a module's names for functions of `time`, each with its function."""
    name = getattr(module, "__name__", None)
    if not isinstance(name, str) or not isinstance(module, ModuleType) or is_excepted(name):
        return []
    return [(key, _NAME_OF[id(value)]) for key, value in vars(module).copy().items() if id(value) in _NAME_OF]
