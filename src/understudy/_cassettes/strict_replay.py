"""`pace="recorded"`: replay word for word, in the recorded order and count."""

from __future__ import annotations

import threading

from understudy._cassettes import answers
from understudy._cassettes.interaction import Interaction
from understudy._cassettes.misses import miss
from understudy._cassettes.recording import Recording
from understudy._cassettes.replay_cursor import ReplayCursor
from understudy._common.messages import Answer, Request


class StrictReplay:
    """Answers requests one by one, as recorded.

    Nothing is converted, skipped or repeated.

    Args:
        recording: what was recorded.
        name: of the cassette, for messages.
        speed: None answers at once; a number keeps the recorded timing, divided by it.
    """

    def __init__(self, recording: Recording, name: str, *, speed: float | None = None) -> None:
        self.recording = recording
        self.name = name
        self.speed = speed
        self.position = ReplayCursor(recording)
        self._next = 0
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """Return the answer to the next recorded request.

        Raises:
            ReplayMiss: this is not the next recorded request.
        """
        with self._lock:
            interactions = self.recording.interactions
            if self._next >= len(interactions):
                raise miss(request, self.name, self.position, f"all {len(interactions)} recorded requests were played")
            expected = interactions[self._next]
            matching = self.recording.matching
            asked, recorded = matching.asked(request), matching.recorded(expected)
            same_body = asked.body == recorded.body or None in (asked.body, recorded.body)
            if asked.key != recorded.key or not same_body or not matching.agree(expected, request):
                reason = f"pace='recorded' keeps the recorded order, in which {expected} comes next"
                raise miss(request, self.name, self.position, reason)
            self._next += 1
            self.position.play(expected)
            return answers.recorded(expected, self.name, polled=expected.is_read, speed=self.speed)

    def unplayed(self) -> list[Interaction]:
        """Return the recorded requests that have not been sent."""
        return list(self.recording.interactions[self._next :])
