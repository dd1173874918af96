"""Timelines: what happened to a run or a response, as text and as a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path

from understudy._apis.assistants.lifecycle import TERMINAL, run_status
from understudy._apis.assistants.objects import Run
from understudy._apis.assistants.stream_events import item_of, names_of
from understudy._common.short_text import short
from understudy._engine.events import Event, StepClosed, StepOpened
from understudy._engine.fold import ExecutionState, states
from understudy._engine.items import CallState, MessageState


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline.

    Attributes:
        at: seconds since the run or response was created.
        what: `run` (a response's, too), or the id of the step, message or item concerned.
        name: the event, without its subject: `queued`, `created`, `completed`, ...
        note: details in words; may be empty.
        status: the status that begins; "" if it is `name`, or if none begins.
    """

    at: float
    what: str
    name: str
    note: str = ""
    status: str = ""

    @property
    def begins(self) -> str:
        """Return the status that begins; "" if none does."""
        return self.status or (self.name if self.name in COLOURS else "")


@dataclass(frozen=True, slots=True)
class Timeline:
    """The moments of a run or a response, in order.

    `str()` is the text; a notebook shows the picture; `write(path)` stores it as SVG.
    """

    run_id: str
    status: str
    moments: tuple[Moment, ...]

    def __str__(self) -> str:
        seconds = self.moments[-1].at if self.moments else 0
        lines = [f"{self.run_id}: {self.status}" + (f" after {seconds:g} s" if self.status in TERMINAL else "")]
        lines += [_line(moment) for moment in self.moments]
        return "\n".join(lines)

    def svg(self, *, left: int | None = None, width: int | None = None) -> str:
        """Return the picture: a bar for the run and each step and message, over time.

        Args:
            left, width: the widths of the names and of the bars, in pixels; by default 210 and 620.
        """
        last = max((moment.at for moment in self.moments), default=0) or 1
        return _draw(self, _Scale(LEFT if left is None else left, WIDTH if width is None else width, last))

    def _repr_html_(self) -> str:
        return self.svg()

    def write(self, path: str | os.PathLike[str]) -> None:
        """Store the picture as an SVG file."""
        Path(path).write_text(self.svg(), encoding="utf-8")


def run_timeline(run: Run) -> Timeline:
    """Return the timeline of a simulated run so far.

    Consecutive deltas of one message or step are one moment, at the time of the last.
    """
    moments: list[Moment] = []
    for event, state in states(run.execution.events):
        for moment in _moments(event, state, run):
            if moment.name == "delta" and moments and (moments[-1].what, moments[-1].name) == (moment.what, "delta"):
                moments.pop()
            moments.append(moment)
    return Timeline(run.id, run_status(run.execution.status), tuple(moments))


def _moments(event: Event, state: ExecutionState, run: Run) -> Iterator[Moment]:
    """Yield the moments of an event, one for each event of the stream."""
    item = item_of(event, state)
    for sent in names_of(event, item):
        name = sent.rpartition(".")[2]
        at = event.at - run.created_at
        if isinstance(event, StepOpened | StepClosed):
            yield Moment(at, event.step_id, name, _of_step(event.step_id, name, state))
        elif isinstance(item, CallState):
            yield Moment(at, str(item.step_id), name, _of_step(str(item.step_id), name, state))
        elif isinstance(item, MessageState):
            yield Moment(at, item.id, name, _of_message(item, name))
        else:
            yield Moment(at, "run", name, _of_run(name, state))


def _of_run(name: str, state: ExecutionState) -> str:
    phase = state.phase
    if name == WAITS:
        return ", ".join(state.item(item_id).words for item_id in phase.waits_for)
    return f"{phase.error[0]}: {short(phase.error[1])}" if phase.error else phase.reason or ""


def _of_step(step_id: str, name: str, state: ExecutionState) -> str:
    message_id = state.step(step_id).message_id
    if message_id is not None:
        return f"writes {message_id}" if name == "created" else ""
    return ", ".join(call.words for call in state.items_of(step_id))


def _of_message(message: MessageState, name: str) -> str:
    text = short(message.text) if name in ("completed", "incomplete") else ""
    return ": ".join(filter(None, [message.reason, text and repr(text)]))


def _line(moment: Moment) -> str:
    subject = "" if moment.what == "run" else f"{moment.what.partition('_')[0]} "
    note = f"  {moment.note}" if moment.note else ""
    return f"  {moment.at:7.2f} s  {'' if moment.what == 'run' else '  '}{subject}{moment.name}{note}"


# -- the picture ----------------------------------------------------------------

LEFT, WIDTH, ROW, TOP = 210, 620, 26, 46
ROOM = 45  # for a number of the axis
WAITS = "requires_action"  # drawn last, with its name above: outputs submitted at once would hide it
CALLED = "completed with calls"  # a response that waits for the app's outputs; its status is `completed`
UNKNOWN_COLOUR = "#888888"  # of a status that is in no lifecycle
COLOURS = {
    "queued": "#b8c0cc",
    "in_progress": "#5b8def",
    "requires_action": "#f0b429",
    "cancelling": "#d9a5a5",
    CALLED: "#f0b429",
    "completed": "#3a9d5d",
    "incomplete": "#c77d2a",
    "failed": "#d64545",
    "cancelled": "#8d6b6b",
    "expired": "#6b7280",
}


@dataclass(frozen=True, slots=True)
class _Bar:
    """A stretch of time in which something had a status."""

    row: int
    start: float
    end: float
    status: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """From seconds to pixels: `width` pixels from `left` on for `last` seconds."""

    left: int
    width: int
    last: float

    def x(self, at: float) -> float:
        return round(self.left + self.width * at / self.last, 1)


def _draw(timeline: Timeline, scale: _Scale) -> str:
    rows = list(dict.fromkeys(moment.what for moment in timeline.moments))
    height, width = TOP + ROW * len(rows) + 34, scale.left + scale.width + 120
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    title = escape(f"{timeline.run_id}: {timeline.status}")
    marks = sorted(filter(lambda moment: moment.begins, timeline.moments), key=lambda moment: moment.begins == WAITS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        f"<title>{title}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="14" font-weight="bold" fill="#1f2933">{title}</text>',
        *_axis(scale, height),
        *(_label(number, what) for number, what in enumerate(rows)),
        *(_bar(bar, scale) for bar in _bars(timeline.moments, rows)),
        *(_mark(moment, rows.index(moment.what), scale) for moment in marks),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _axis(scale: _Scale, height: int) -> Iterable[str]:
    most = min(8, scale.width / ROOM)
    sizes = (digit * 10**zeros for zeros in count() for digit in (1, 2, 5))
    step = next(size for size in sizes if scale.last / size <= most)
    for second in range(0, int(scale.last) + 1, step):
        x = scale.x(second)
        yield f'<line x1="{x}" y1="{TOP - 8}" x2="{x}" y2="{height - 26}" stroke="#e4e7eb"/>'
        yield f'<text x="{x}" y="{height - 10}" text-anchor="middle" fill="#616e7c">{second} s</text>'


def _label(number: int, what: str) -> str:
    kind, _, rest = what.partition("_")
    name = f"{kind}_{rest[:14]}…" if len(rest) > 14 else what
    return f'<text x="12" y="{TOP + ROW * number + 12}" fill="#323f4b">{escape(name)}</text>'


def _bars(moments: Iterable[Moment], rows: list[str]) -> Iterable[_Bar]:
    since: dict[str, tuple[float, str]] = {}
    for moment in moments:
        if moment.begins:
            if moment.what in since:
                start, status = since[moment.what]
                yield _Bar(rows.index(moment.what), start, moment.at, status)
            since[moment.what] = (moment.at, moment.begins)


def _colour(status: str) -> str:
    return COLOURS.get(status, UNKNOWN_COLOUR)


def _bar(bar: _Bar, scale: _Scale) -> str:
    x, width = scale.x(bar.start), round(scale.width * (bar.end - bar.start) / scale.last, 1)
    y = TOP + ROW * bar.row
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="16" fill="{_colour(bar.status)}" opacity="0.75">'
        f"<title>{bar.status}: {bar.start:g} to {bar.end:g} s</title></rect>"
    )


def _mark(moment: Moment, row: int, scale: _Scale) -> str:
    """Return a dot where a status begins, with the name of an end or a pause."""
    x, y, status = scale.x(moment.at), TOP + ROW * row + 8, moment.begins
    dot = (
        f'<circle cx="{x}" cy="{y}" r="4" fill="{_colour(status)}" stroke="#ffffff">'
        f"<title>{escape(f'{status} at {moment.at:g} s {moment.note}'.strip())}</title></circle>"
    )
    if status in TERMINAL or status == CALLED:
        dot += f'<text x="{x + 8}" y="{y + 4}" fill="#1f2933">{status}</text>'
    if status == WAITS:
        dot += f'<text x="{x}" y="{y - 11}" text-anchor="middle" font-size="10" fill="#8d6708">{status}</text>'
    return dot
