"""The settings of a session that are words: which there are, and their check."""

from __future__ import annotations

from typing import Literal, get_args

from understudy.errors import did_you_mean

RecordMode = Literal["none", "once", "new", "all"]
UnplayedMode = Literal["ignore", "warn", "error"]
Pace = Literal["epochs", "recorded"]
_CHOICES: dict[str, tuple[str, ...]] = {
    "record": get_args(RecordMode),
    "unplayed": get_args(UnplayedMode),
    "pace": get_args(Pace),
}


def check_choices(**settings: str) -> None:
    """Check settings, by name.

    Raises:
        ValueError: one of them is none of its choices; the nearest is named.
    """
    for name, value in settings.items():
        known = _CHOICES[name]
        if value not in known:
            raise ValueError(f"{name}={value!r}: expected one of {', '.join(known)}.{did_you_mean(value, known)}")
