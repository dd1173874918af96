"""The section on a simulator or a cassette in the report of a failed test.

It shows what the app sent and received, and how its runs went.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from understudy._diagnostics.request_log import Logged
from understudy._diagnostics.timeline import Timeline
from understudy._diagnostics.trace import requests_seen

_MIN_REQUEST_LINES = 1  # however little room there is
_MIN_SECTION_LINES = 3
_CUT_WORD = re.compile(r"\S{8,}…")  # a secret cut short no longer has a recognisable shape


@dataclass(frozen=True, slots=True)
class FailureSection:
    """The facts about one simulator or cassette.

    Attributes:
        title: one line that identifies it.
        log: the requests, oldest first.
        start: the unix time, in seconds, from which the times in the lines count.
        timelines: those of its last runs, oldest first.
        clean: removes the secrets from a text.
        advice: what probably went wrong, one line each.
        earlier: how many runs came before those of the timelines.
    """

    title: str
    log: Sequence[Logged]
    start: float
    timelines: Sequence[Timeline]
    clean: Callable[[str], str]
    advice: Sequence[str] = ()
    earlier: int = 0

    def lines(self, most: int, *, is_traced: bool = False) -> list[str]:
        """Return the lines of the section.

        Args:
            most: the maximum number of lines, exceeded only if the requests would not fit at all.
            is_traced: leave out the requests, which are shown elsewhere.
        """
        if most < _MIN_SECTION_LINES and not is_traced:  # the failure itself fills the screen
            return [*self.advice, *list(requests_seen(self.log, self.start, self.clean))[-1:]]
        room = max(_MIN_REQUEST_LINES, most - 1 - len(self.advice))
        whole = [_lines(timeline) for timeline in self.timelines]
        most_requests = max(_MIN_REQUEST_LINES, room - sum(map(len, whole)) - bool(self.earlier), room // 2)
        seen = [] if is_traced else list(requests_seen(self.log, self.start, self.clean, most_requests))
        timelines = self._fitting(whole, room - len(seen))
        return [self.title, *self.advice, *seen, *map(self._cleaned, timelines)]

    def _fitting(self, whole: Sequence[list[str]], room: int) -> list[str]:
        """Return the timelines in full, or a line each, or the last lines, as it fits.

        A line before them counts the runs that are not shown, if any and if there is room for both.
        """
        if sum(map(len, whole)) + bool(self.earlier) <= room:
            return [*_more(self.earlier), *(line for lines in whole for line in lines)]
        brief = [_in_a_line(timeline) for timeline in self.timelines]
        if room <= 1:
            return brief[-1:]
        shown = brief if len(brief) + bool(self.earlier) <= room else brief[1 - room :]
        return [*_more(self.earlier + len(brief) - len(shown)), *shown]

    def _cleaned(self, line: str) -> str:
        return self.clean(_CUT_WORD.sub("…", line))


def _more(count: int) -> list[str]:
    return [f"... {count} more run{'s' if count > 1 else ''} ..."] if count else []


def _lines(timeline: Timeline) -> list[str]:
    return str(timeline).splitlines()


def _in_a_line(timeline: Timeline) -> str:
    moments = [f"{moment.at:g} {moment.name}" for moment in timeline.moments if moment.what == "run"]
    if len(moments) > 8:
        moments = [*moments[:3], "...", *moments[-4:]]
    return f"{timeline.run_id}: {', '.join(moments)}"
