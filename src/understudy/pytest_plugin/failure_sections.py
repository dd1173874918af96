"""The section `understudy` of a failed test's report.

It lists what the app sent to its simulators and cassettes, and what they answered.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.common.routing import api_path
from understudy._backend.backend import Backend
from understudy._backend.failure_section import failure_section
from understudy._cassettes import CassetteSession
from understudy._common.messages import Abort, Answer, Request, Response
from understudy._common.printable import printable
from understudy._diagnostics.failure_section import FailureSection
from understudy._diagnostics.request_log import Logged
from understudy._diagnostics.timeline import Timeline
from understudy._inspect.runs import timelines

MAX_SECTION_LINES = 24  # a screen
_MAX_HANDLERS = 3
_SHOWN_BYTES = 400  # of an answer


def sections_of(handlers: Sequence[object], *, is_repeated: bool) -> list[FailureSection]:
    """Return what is known of the simulators and cassettes of a test.

    Args:
        handlers: the simulators and cassettes that answered, oldest first.
        is_repeated: the test ran several times, as under hypothesis: only the last counts.
    """
    known = [handler for handler in handlers if isinstance(handler, Backend | CassetteSession)]
    return [
        failure_section(handler) if isinstance(handler, Backend) else _of_cassette(handler)
        for handler in known[-1 if is_repeated else -_MAX_HANDLERS :]
    ]


def text_of(sections: Sequence[FailureSection], problems: Sequence[str], most: int, *, is_traced: bool = False) -> str:
    """Return the text of the section, cut to a number of lines.

    Args:
        sections: one of each simulator and cassette.
        problems: what went wrong besides the failure itself.
        most: how many lines in all; each section gets at least a few.
        is_traced: the failure itself shows the requests already, as that of a generated script does.
    """
    said = [line for problem in problems for line in problem.splitlines()]
    each = (most - len(said)) // max(1, len(sections))
    shown = [line for section in sections for line in section.lines(each, is_traced=is_traced)]
    return printable("\n".join([*said, *shown]))


def _of_cassette(session: CassetteSession) -> FailureSection:
    exchanges = list(session.exchanges)
    start = exchanges[0][0] if exchanges else 0.0
    return FailureSection(
        title=session.clean(f"{session.cassette!r}"[1:-1]),
        log=[_logged(at, request, answer) for at, request, answer in exchanges],
        start=start,
        timelines=_recorded_runs(session),
        clean=session.clean,
    )


def _logged(at: float, request: Request, answer: Answer) -> Logged:
    logged = Logged(request.method, api_path(request.path), request.body, request.headers, at, at)
    if isinstance(answer, Response):
        logged.status = answer.status
        logged.stream = "read" if answer.stream is not None else ""
        logged.shown = answer.body[:_SHOWN_BYTES]
    elif not isinstance(answer, Abort):
        logged.shown = b'"status": "recorded"'
        logged.status = 200
    return logged


def _recorded_runs(session: CassetteSession) -> list[Timeline]:
    """Return the runs that were played.

    None of a recording of another kind of server, or one that is still being made.
    """
    if session.is_from_scratch:
        return []
    try:
        return timelines(session.played())
    except (KeyError, TypeError, ValueError):
        return []
