"""The differences between two transcripts as a report: text and page."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from understudy._common.short_text import counted
from understudy._transcript.comparing import DIFFERENCE_KINDS, Difference, Words
from understudy._transcript.transcript import Transcript
from understudy._transcript.unknown import Unknown
from understudy.errors import nearest


class Side(NamedTuple):
    """The requests, retries, seconds and models of one side: information only.

    Attributes:
        requests: how many requests it sent; of the last 1,000.
        retries: how many of them an SDK sent again.
        seconds: how many virtual seconds passed; None if unknown, as for a recording.
        models: the models that were asked.
    """

    requests: int
    retries: int = 0
    seconds: float | None = None
    models: tuple[str, ...] = ()


class ParityReport(str):
    """What a new app does differently from the old one.

    It is its own text: `print(report)`, `assert report.same, report`.

    True as long as nothing differs.

    Attributes:
        old, new: the transcripts.
        differences: what differs, in the order of the turns; the results last.
        sides: what each side took.
    """

    # A str, since pytest shortens the repr of any other message of an assert to 240 characters.

    __slots__ = ("_words", "code", "differences", "new", "old", "sides")

    def __new__(
        cls,
        old: Transcript,
        new: Transcript,
        differences: Sequence[Difference],
        *,
        sides: tuple[Side, Side] | None = None,
        code: str = "",
        words: Words = "exact",
    ) -> ParityReport:
        """Make a report of differences that were found.

        `code`: a call that makes this report again.
        """
        from understudy._parity.text import report_text

        sides = sides or (Side(0), Side(0))
        report = super().__new__(cls, report_text(old, new, differences, sides, code, words))
        report.old, report.new, report.differences = old, new, list(differences)
        report.sides, report.code, report._words = sides, code, words
        return report

    old: Transcript
    new: Transcript
    differences: list[Difference]
    sides: tuple[Side, Side]
    code: str
    _words: Words

    @property
    def same(self) -> bool:
        """Return True if nothing differs."""
        return not self.differences

    def __bool__(self) -> bool:
        return self.same

    def __repr__(self) -> str:
        return f"<ParityReport: {counted(len(self.differences), 'difference')} in {counted(len(self.old.turns), 'turn')}>"

    def __getnewargs_ex__(self) -> Any:
        return (self.old, self.new, self.differences), {"sides": self.sides, "code": self.code, "words": self._words}

    def without(self, ignore: Collection[str]) -> ParityReport:
        """Return the report without differences of some kinds."""
        wanted = (ignore,) if isinstance(ignore, str) else tuple(ignore)
        for kind in wanted:
            if kind not in DIFFERENCE_KINDS:
                close = nearest(kind, DIFFERENCE_KINDS)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(f"ignore={ignore!r}: expected kinds among {', '.join(DIFFERENCE_KINDS)}.{hint}")
        kept = [difference for difference in self.differences if difference.kind not in wanted]
        return ParityReport(self.old, self.new, kept, sides=self.sides, code=self.code, words=self._words)

    def check(self, ignore: Collection[str] = ()) -> None:
        """Raise if anything differs.

        Args:
            ignore: kinds of differences that do not matter, such as `("citation",)`.

        Raises:
            AssertionError: something differs; its message is the report.
        """
        left = self.without(ignore)
        if not left.same:
            raise AssertionError(str(left))

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as a self-contained HTML page; return its path.

        It shows both sides next to each other.
        """
        target = Path(path)
        target.write_text(self.html(), encoding="utf-8", errors="backslashreplace")
        return target

    def text(self, width: int | None = None) -> str:
        """Return the report as text.

        Args:
            width: the columns of the terminal it is for; None for the text of `str(report)`, of some 100 columns.
        """
        from understudy._parity.text import report_text

        return report_text(self.old, self.new, self.differences, self.sides, self.code, self._words, width)

    def html(self) -> str:
        """Return the page that `write` writes."""
        from understudy._parity.page import report_page

        return report_page(self, self._words)

    def __str__(self) -> str:
        return str.__str__(self)


def report_data(report: ParityReport) -> dict[str, Any]:
    """Return a report as JSON data.

    The verdict, the differences, both transcripts, and what each side took.
    """
    return {
        "same": report.same,
        "differences": [
            {"kind": one.kind, "turn": one.turn, "old": _plain(one.old), "new": _plain(one.new), "note": one.note}
            for one in report.differences
        ],
        "old": _side_data(report.old, report.sides[0]),
        "new": _side_data(report.new, report.sides[1]),
    }


def _side_data(transcript: Transcript, side: Side) -> dict[str, Any]:
    entries = [{"kind": one.kind, "turn": one.turn, "value": _plain(one.value)} for one in transcript.entries]
    took = {"requests": side.requests, "retries": side.retries, "seconds": side.seconds, "models": list(side.models)}
    return {"api": transcript.api, **took, "entries": entries}


def _plain(value: Any) -> Any:
    """Return a value as JSON can represent it; what is unknown is null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Unknown):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)
