"""The modules that keep real time while an app's clock is virtual.

They measure the machine and wait for it.
"""

from __future__ import annotations

import sys

# trio has its own clock: see `trio_clock`.
_EXCEPTED = sys.stdlib_module_names | {
    *("pytest", "_pytest", "pluggy", "hypothesis", "xdist", "execnet", "pytest_asyncio", "pytest_timeout"),
    *("coverage", "trio"),
}


def is_excepted(name: str | None) -> bool:
    """Return True if a module keeps real time."""
    return name is not None and name.partition(".")[0] in _EXCEPTED
