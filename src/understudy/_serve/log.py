"""The log of the server: a line for each request, and for the end of each run."""

from __future__ import annotations

import sys
import time


def log_line(text: str) -> None:
    """Print a line with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def wants_log(is_asked_for: bool) -> bool:
    """Return whether to log: on a terminal, or if requested."""
    return is_asked_for or sys.stdout.isatty()
