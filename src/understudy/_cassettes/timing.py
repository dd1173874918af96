"""`speed=`: objects change when they did in the recording.

Times count from the moment the app was shown an object's state.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from understudy._cassettes.interaction import Interaction
from understudy._cassettes.recording import State


class Timing:
    """Decides whether a recorded change is due.

    Args:
        speed: 1.0 for the recorded times, 2.0 for half of them.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._since: dict[str, tuple[int, float]] = {}

    def shown(self, path: str, number: int) -> None:
        """Note when the app was first shown this state of an object."""
        if self._since.get(path, (-1, 0.0))[0] != number:
            self._since[path] = (number, time.monotonic())

    def is_due(self, path: str, now: State, then: State) -> bool:
        """Return True if the next state may be shown.

        If the recording does not say when it was: at once.
        """
        seen, begun, ended = self._since.get(path), _moment(now.interaction), _moment(then.interaction)
        if seen is None or begun is None or ended is None:
            return True
        return time.monotonic() - seen[1] >= (ended - begun).total_seconds() / self._speed


def _moment(interaction: Interaction) -> datetime | None:
    """Return when an exchange was recorded, as we write it or as Ruby's VCR does."""
    text = interaction.recorded_at or ""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
