"""A key for apps that have none: the SDK refuses to build a client without one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

KEY = "understudy-needs-no-key"
VARIABLES = ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY")

_lock = threading.Lock()
_depth = 0
_supplied: dict[str, str | None] = {}


@contextmanager
def supplied_api_key() -> Iterator[None]:
    """Supply a key in the environment for the length of the block, where there is none or an empty one.

    A key that is set stays as it is. What was there before comes back at the end of the outermost block.
    """
    global _depth
    with _lock:
        _depth += 1
        if _depth == 1:
            for name in VARIABLES:
                if not os.environ.get(name):
                    _supplied[name] = os.environ.get(name)
                    os.environ[name] = KEY
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _restore()


def _restore() -> None:
    for name, before in _supplied.items():
        if os.environ.get(name) != KEY:  # the app or the test has set one meanwhile: theirs
            continue
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    _supplied.clear()
