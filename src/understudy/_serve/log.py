"""The server's log: a line for each request, and for each run's end."""

from __future__ import annotations

import sys
import time


def log_line(text: str) -> None:
    """Print a line with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def wants_log(is_asked_for: bool) -> bool:
    """Say whether to log: on a terminal, and wherever it was asked for."""
    return is_asked_for or sys.stdout.isatty()
