"""An API key for apps that have none: without one, the SDK builds no client."""

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
    """Set the environment variables of API keys, within the block, if unset or empty.

    Existing keys are kept. The previous values are restored at the end of the outermost block.
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
        if os.environ.get(name) != KEY:  # set by the app or the test in the meantime
            continue
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
    _supplied.clear()
