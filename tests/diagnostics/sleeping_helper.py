"""A helper of an app, in a file of its own, that sleeps."""

from __future__ import annotations

import time


def wait(seconds: float = 0.12) -> None:
    time.sleep(seconds)


class Waiter:
    """Something of the app's that has its function from this file."""
