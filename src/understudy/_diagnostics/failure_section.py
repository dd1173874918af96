"""What the report of a failed test says of a simulator or a cassette: what the app sent, what it saw, how its runs went."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from understudy._diagnostics.request_log import Logged
from understudy._diagnostics.timeline import Timeline
from understudy._diagnostics.trace import requests_seen

_FEWEST = 1  # lines of requests, however little room there is
_LEAST = 3  # lines that a whole section takes
_CUT_WORD = re.compile(r"\S{8,}…")  # what is left of a secret that was cut has no shape


@dataclass(frozen=True, slots=True)
class FailureSection:
    """What is known of one simulator or cassette.

    Attributes:
        title: one line that says which it is.
        log: the requests, oldest first.
        start: the unix time, in seconds, from which the lines count.
        timelines: of its runs, oldest first.
        clean: takes the secrets out of a text.
        advice: what probably went wrong, a line each.
    """

    title: str
    log: Sequence[Logged]
    start: float
    timelines: Sequence[Timeline]
    clean: Callable[[str], str]
    advice: Sequence[str] = ()

    def lines(self, most: int, *, is_traced: bool = False) -> list[str]:
        """Return the section, cut to so many lines where that leaves room for the requests at all.

        Args:
            most: lines in all.
            is_traced: the requests are shown elsewhere: leave them out.
        """
        if most < _LEAST and not is_traced:  # the failure itself takes the screen
            return [*self.advice, *list(requests_seen(self.log, self.start, self.clean))[-1:]]
        room = max(_FEWEST, most - 1 - len(self.advice))
        whole = [_lines(timeline) for timeline in self.timelines]
        most_requests = max(_FEWEST, room - sum(map(len, whole)), room // 2)
        seen = [] if is_traced else list(requests_seen(self.log, self.start, self.clean, most_requests))
        told = _fitting(whole, self.timelines, room - len(seen))
        return [self.title, *self.advice, *seen, *map(self._cleaned, told)]

    def _cleaned(self, line: str) -> str:
        return self.clean(_CUT_WORD.sub("…", line))


def _fitting(whole: Sequence[list[str]], timelines: Sequence[Timeline], room: int) -> list[str]:
    """Return the timelines in full, or as a line each, or the last of these: as far as there is room."""
    if sum(map(len, whole)) <= room:
        return [line for lines in whole for line in lines]
    brief = [_in_a_line(timeline) for timeline in timelines]
    last = brief[-max(1, room) :]
    if len(last) < len(brief):
        last[0] = f"... {len(brief) - len(last) + 1} more runs ..." if len(last) > 1 else last[0]
    return last


def _lines(timeline: Timeline) -> list[str]:
    return str(timeline).splitlines()


def _in_a_line(timeline: Timeline) -> str:
    moments = [f"{moment.at:g} {moment.name}" for moment in timeline.moments if moment.what == "run"]
    if len(moments) > 8:
        moments = [*moments[:3], "...", *moments[-4:]]
    return f"{timeline.run_id}: {', '.join(moments)}"
