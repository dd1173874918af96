"""Imports without garbage collection."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause garbage collection while many modules are imported.

    What they create stays, so looking for garbage among it is in vain; and beside the SDK's thousands of classes, one
    full collection costs as much as half of the imports. Paused for the whole process, for some 100 ms, and resumed
    unless it was off before.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
