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

from understudy._virtual_time.virtual_clock import here

# They measure and wait in real time. trio has its own clock: see `trio_clock`.
_EXCEPTED = sys.stdlib_module_names | {
    *("pytest", "_pytest", "pluggy", "hypothesis", "xdist", "execnet", "pytest_asyncio", "pytest_timeout"),
    *("coverage", "trio"),
}
_NANOSECONDS = 1_000_000_000

_replaced: list[tuple[Any, str, str]] = []  # owner, its name for a function, the function's own
_scanned: dict[str, Any] = {}  # modules already searched, by their name in `sys.modules`
_holders: dict[str, tuple[ModuleType, list[tuple[str, str]]]] = {}  # those of them with names for functions of `time`


def is_excepted(name: str | None) -> bool:
    """Return whether a module keeps real time."""
    return name is not None and name.partition(".")[0] in _EXCEPTED


def _sleep(seconds: float) -> None:
    moment = None if is_excepted(sys._getframe(1).f_globals.get("__name__")) else here()  # noqa: SLF001 - the caller
    if moment is None or not isinstance(seconds, int | float) or seconds < 0:
        _ORIGINALS["sleep"](seconds)  # which refuses anything but a number of seconds
        return
    moment.sleep(seconds)
    if threading.active_count() > 1:
        _ORIGINALS["sleep"](0)  # like every sleep, give other threads a turn


def _reading(name: str, factor: int | None) -> Callable[[], float]:
    original = getattr(time, name)
    seconds = name.removesuffix("_ns")

    def read() -> float:
        moment = None if is_excepted(sys._getframe(1).f_globals.get("__name__")) else here()  # noqa: SLF001
        if moment is None:
            return original()  # type: ignore[no-any-return]
        value: float = getattr(moment, seconds)()
        return value if factor is None else round(value * factor)

    read.__name__ = read.__qualname__ = name
    return read


_REPLACEMENTS: dict[str, Callable[..., Any]] = {
    "sleep": _sleep,
    **{name: _reading(name, None) for name in ("time", "monotonic", "perf_counter")},
    **{name: _reading(name, _NANOSECONDS) for name in ("time_ns", "monotonic_ns", "perf_counter_ns")},
}
_ORIGINALS: dict[str, Callable[..., Any]] = {name: getattr(time, name) for name in _REPLACEMENTS}
_NAME_OF = {id(original): name for name, original in _ORIGINALS.items()}


def replaced_by_another() -> str | None:
    """Return the name of a function of `time` that others have patched, or None."""
    return next((name for name, original in _ORIGINALS.items() if getattr(time, name) is not original), None)


def replace() -> None:
    """Replace them in `time`, and in every module that imported one by name."""
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
    """Search the modules that are new since the last time: few of some thousand."""
    new = [(key, module) for key, module in list(sys.modules.items()) if _scanned.get(key) is not module]
    for key, module in new:
        _scanned[key] = module
        _holders.pop(key, None)
        if names := _names_in(module):
            _holders[key] = (module, names)


def _names_in(module: Any) -> list[tuple[str, str]]:
    """Return a module's names for functions of `time`, each with its function."""
    name = getattr(module, "__name__", None)
    if not isinstance(name, str) or not isinstance(module, ModuleType) or is_excepted(name):
        return []
    return [(key, _NAME_OF[id(value)]) for key, value in list(vars(module).items()) if id(value) in _NAME_OF]
