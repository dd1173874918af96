"""The lifecycle of a run or of a response as a graph in SVG.

What was covered is solid, what was missed is dashed.

Its colours are the page's: classes and CSS variables, so that it is dark where the page is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from understudy._apis.assistants.lifecycle import RUN, Transition
from understudy._apis.responses.lifecycle import RESPONSE
from understudy._coverage import names
from understudy._coverage.coverage import Coverage, Row
from understudy._diagnostics.timeline import COLOURS

LEFT, WIDTH, HEIGHT = -8, 416, 488
_HALF = 22  # half the height of a box

# The place of each status: x and y of its middle, and its width.
PLACES = {
    "queued": (206, 26, 104),
    "requires_action": (62, 168, 122),
    "in_progress": (206, 168, 104),
    "cancelling": (350, 168, 100),
    "expired": (50, 392, 96),
    "incomplete": (204, 392, 100),
    "cancelled": (354, 392, 96),
    "failed": (127, 462, 96),
    "completed": (279, 462, 100),
}
# The path of each arrow, and the place of its count; an arrow that is not here is straight.
_ARROWS = {
    "queued -> in_progress": ("M206 48V143", (212, 106)),
    "queued -> cancelling": ("M258 26C320 26 354 68 354 143", (340, 66)),
    "queued -> expired": ("M154 20C40 14-5 70-5 168C-5 250 4 310 18 367", (30, 44)),
    "queued -> failed": ("M178 48C150 82 142 124 142 168C142 280 120 330 120 437", (150, 98)),
    "in_progress -> requires_action": ("M154 168H127", (128, 160)),
    "in_progress -> cancelling": ("M258 168H297", (270, 160)),
    "requires_action -> queued": ("M62 146C62 90 104 40 151 32", (76, 88)),
    "requires_action -> cancelling": ("M92 190C140 250 300 250 336 194", (298, 240)),
    "requires_action -> expired": ("M44 190C34 260 36 310 40 367", (41, 262)),
    "in_progress -> expired": ("M178 190C166 280 82 290 62 367", (92, 318)),
    "in_progress -> failed": ("M192 190C186 290 138 320 134 437", (166, 318)),
    "in_progress -> incomplete": ("M206 190V367", (211, 318)),
    "in_progress -> completed": ("M222 190C230 290 270 320 272 437", (257, 318)),
    "cancelling -> completed": ("M338 190C330 280 290 320 286 437", (312, 318)),
    "cancelling -> cancelled": ("M354 190V367", (359, 318)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is drawn of one lifecycle, and where.

    Attributes:
        of: what it is the lifecycle of.
        rows: its table.
        statuses, transitions: the groups that count it.
        places: where each status is: x and y of its middle, and its width.
        arrows: how each arrow runs, and where its count is; one that is not here runs straight.
        height: of the whole.
    """

    of: str
    rows: tuple[Transition, ...]
    statuses: str
    transitions: str
    places: dict[str, tuple[int, int, int]]
    arrows: dict[str, tuple[str, tuple[int, int]]]
    height: int


OF_RUNS = Picture(
    of="run",
    rows=RUN,
    statuses=names.STATUSES,
    transitions=names.TRANSITIONS,
    places=PLACES,
    arrows=_ARROWS,
    height=HEIGHT,
)
OF_RESPONSES = Picture(
    of="response",
    rows=RESPONSE,
    statuses=names.RESPONSE_STATUSES,
    transitions=names.RESPONSE_TRANSITIONS,
    places={
        "queued": (206, 26, 104),
        "in_progress": (206, 136, 104),
        "failed": (44, 256, 92),
        "incomplete": (147, 256, 98),
        "completed": (253, 256, 98),
        "cancelled": (356, 256, 92),
    },
    arrows={
        "queued -> in_progress": ("M206 48V111", (212, 82)),
        "queued -> failed": ("M154 26C60 40 34 120 34 231", (60, 90)),
        "queued -> cancelled": ("M258 26C350 40 368 120 368 231", (328, 90)),
        "in_progress -> failed": ("M160 158C110 180 68 200 56 231", (80, 206)),
        "in_progress -> incomplete": ("M192 158L154 231", (152, 196)),
        "in_progress -> completed": ("M220 158L247 231", (241, 196)),
        "in_progress -> cancelled": ("M252 158C300 180 334 200 346 231", (312, 196)),
    },
    height=282,
)


def as_svg(coverage: Coverage, picture: Picture = OF_RUNS) -> str:
    """Return the picture.

    What the simulator never does is drawn only if something else did it.
    """
    statuses = {row.name: row for row in coverage.groups[picture.statuses].rows}
    transitions = {row.name: row for row in coverage.groups[picture.transitions].rows}
    drawn = [(row, transitions[names.transition(row.source, row.target)]) for row in picture.rows]
    drawn = [(row, met) for row, met in drawn if met.item.counts or met.met.count]
    drawn.sort(key=lambda pair: pair[1].met.count > 0)  # covered ones are drawn on top
    met = ", ".join(row.name for row in statuses.values() if row.met.count) or "none"
    missed = ", ".join(row.name for _, row in drawn if not row.met.count) or "none"
    suffix = f"-{picture.of}"
    ids = f"graph-title{suffix} graph-words{suffix}"
    return "\n".join(
        [
            f'<svg class=graph viewBox="{LEFT} 0 {WIDTH} {picture.height}" role=img aria-labelledby="{ids}">',
            f"<title id=graph-title{suffix}>The lifecycle of a {picture.of}</title>",
            f"<desc id=graph-words{suffix}>Statuses covered: {met}. Transitions missed: {escape(missed)}.</desc>",
            "<defs>",
            *(_head(picture, kind) for kind in ("met", "missed", "omitted")),
            "</defs>",
            *(_arrow(picture, transition, row) for transition, row in drawn),
            *(_status(picture, row) for row in statuses.values()),
            *(_count(picture, row) for _, row in drawn if row.met.count),
            "</svg>",
        ]
    )


def kind_of(row: Row) -> str:
    """Return `met`, `missed`, or `omitted` (not part of the total)."""
    if row.met.count:
        return "met"
    return "missed" if row.counts else "omitted"


def _head(picture: Picture, kind: str) -> str:
    return (
        f'<marker id="head-{kind}-{picture.of}" class="head {kind}" viewBox="0 0 8 8" refX=7 refY=4 '
        'markerWidth=8 markerHeight=8 markerUnits=userSpaceOnUse orient=auto><path d="M0 0 8 4 0 8Z"/></marker>'
    )


def _arrow(picture: Picture, transition: Transition, row: Row) -> str:
    path = picture.arrows[row.name][0] if row.name in picture.arrows else _straight(picture, transition)
    kind = kind_of(row)
    return f'<path class="arrow {kind}" d="{path}" marker-end="url(#head-{kind}-{picture.of})">{_title(row)}</path>'


def _straight(picture: Picture, transition: Transition) -> str:
    (from_x, from_y, _), (to_x, to_y, _) = picture.places[transition.source], picture.places[transition.target]
    return f"M{from_x} {from_y + _HALF}L{to_x} {to_y - _HALF - 3}"


def _count(picture: Picture, row: Row) -> str:
    if row.name not in picture.arrows:
        return ""
    x, y = picture.arrows[row.name][1]
    return f'<text class=times x="{x}" y="{y}">{row.met.count}</text>'


def _status(picture: Picture, row: Row) -> str:
    x, y, width = picture.places[row.name]
    times = f"{row.met.count}×" if row.met.count else "missed" if row.counts else "omitted"
    return (
        f'<g class="status {kind_of(row)}">{_title(row)}'
        f'<rect x="{x - width / 2:g}" y="{y - _HALF}" width="{width}" height="{2 * _HALF}" rx=9 />'
        f'<text x="{x}" y="{y - 4}">{row.name}</text>'
        f'<circle cx="{x - 3.6 * len(times) - 5:g}" cy="{y + 9}" r=4 fill="{COLOURS[row.name]}" />'
        f'<text class=times x="{x + 5}" y="{y + 13.5}">{times}</text></g>'
    )


def _title(row: Row) -> str:
    return f"<title>{escape(row.name)}: {in_words(row)}</title>"


def in_words(row: Row) -> str:
    """Return how often something was covered, in words."""
    if row.met.count:
        return f"covered {row.met.count} time{'s' if row.met.count > 1 else ''}"
    return "missed" if row.counts else "omitted"


def marks(coverage: Coverage, picture: Picture) -> Iterator[str]:
    """Yield the legend of a picture's lines."""
    yield '<p class=legend><span class="key met"></span> covered, with how often <span class="key missed"></span> missed'
    if any(not row.counts for row in coverage.groups[picture.transitions].rows if row.item.counts):
        yield '<span class="key omitted"></span> omitted'
    yield "</p>"
