"""A parity report as a page: complete in one file, without scripts.

Two columns on a desktop, one below the other on a phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from understudy._common.printable import printable
from understudy._parity.information import information
from understudy._parity.rows import ReportRow, TurnRows, turn_rows
from understudy._parity.text import summary
from understudy._transcript.comparing import Words

if TYPE_CHECKING:
    from understudy._parity.report import ParityReport

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #d9dee4; --back: #ffffff; --card: #f5f7fa;
  --bad: #a3230f; --bad-back: #fdeeeb; --good: #1d6b3a; --good-back: #e9f6ee; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #3a4550; --back: #14191f;
  --card: #1d242c; --bad: #ff9d92; --bad-back: #38201d; --good: #7ddc9f; --good-back: #14291e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem; color: var(--ink); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 1.75rem 0 .4rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.verdict { display: inline-block; font-weight: 700; padding: .2rem .7rem; border-radius: .5rem; color: var(--bad);
  background: var(--bad-back); } .verdict.same { color: var(--good); background: var(--good-back); }
ol.found { margin: .75rem 0; padding-left: 1.6rem; } ol.found a { color: inherit; }
.turn { border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; background: var(--card); }
.row, .names { display: grid; grid-template-columns: 12.5rem minmax(0, 1fr) minmax(0, 1fr); }
.row + .row { border-top: 1px solid var(--line); }
.row > * { padding: .45rem .75rem; min-width: 0; } .row > * + *, .names > * + * { border-left: 1px solid var(--line); }
.names > * { padding: .1rem .75rem; } .names { font-weight: 600; position: sticky; top: 0; background: var(--back);
  border: 1px solid transparent; z-index: 1; }
.names > * + *, .names > * { border-left-color: transparent; }
.kind { color: var(--soft); font-size: .875rem; overflow-wrap: normal; word-break: keep-all; }
.side { font-weight: 600; display: none; color: var(--soft); font-size: .8125rem; }
.call, .output, .parameter, .tools { font: .875rem/1.5 ui-monospace, monospace; }
.differs { background: var(--bad-back); } .differs .kind { color: var(--bad); font-weight: 700; }
.differs .kind::before { content: "\\2260\\00a0"; }
.note { grid-column: 1 / -1; color: var(--bad); border-left: 0 !important; padding-top: 0; font-size: .9375rem; }
.none { color: var(--soft); font-style: italic; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .75rem;
  white-space: pre-wrap; font: .875rem/1.5 ui-monospace, monospace; }
@media (max-width: 44rem) {
  .names { display: none; } .row { grid-template-columns: 1fr; } .side { display: block; }
  .row > * { padding: .3rem .75rem; } .row > * + * { border-left: 0; } .kind { font-weight: 600; }
}
""".strip()


def report_page(report: ParityReport, words: Words) -> str:
    """Return the whole page."""
    verdict = "Nothing differs" if report.same else summary(report.differences)
    apps = f"The old app, on {report.old.api or 'nothing'}, and the new one, on {report.new.api or 'nothing'}"
    body = [
        "<h1>Parity of two apps</h1>",
        f'<p><span class="verdict{" same" if report.same else ""}">{_text(verdict)}</span></p>',
        f'<p class="soft">{_text(apps)}: what each was asked, gave its model, called and replied.</p>',
        *_found(report),
        *_turns(report, words),
        *_information(report),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Parity: {_text(verdict)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(printable(text)).replace("\n", "<br>")


def _found(report: ParityReport) -> Iterator[str]:
    if report.same:
        return
    yield '<ol class="found">'
    yield from (f"<li>{_text(str(difference))}</li>" for difference in report.differences)
    yield "</ol>"


def _turns(report: ParityReport, words: Words) -> Iterator[str]:
    for turn in turn_rows(report.old, report.new, report.differences, words):
        yield f"<h2>{'Results' if turn.number is None else f'Turn {turn.number}'}</h2>"
        yield f'<div class="names"><span></span><span>old: {_text(report.old.api)}</span>'
        yield f"<span>new: {_text(report.new.api)}</span></div>"
        yield from _rows(turn)


def _rows(turn: TurnRows) -> Iterator[str]:
    yield '<div class="turn">'
    yield from map(_row, turn.rows)
    yield "</div>"


def _row(row: ReportRow) -> str:
    note = row.difference.note if row.difference is not None else ""
    shown = f'<div class="note">{_text(note)}</div>' if note else ""
    return (
        f'<div class="row{" differs" if row.difference is not None else ""}">'
        f'<div class="kind">{row.kind}{" differs" if row.difference is not None else ""}</div>'
        f"{_side('old', row.kind, row.old)}{_side('new', row.kind, row.new)}{shown}</div>"
    )


def _side(name: str, kind: str, text: str | None) -> str:
    said = '<span class="none">nothing</span>' if text is None else _text(text)
    return f'<div class="{kind}"><span class="side">{name}</span>{said}</div>'


def _information(report: ParityReport) -> Iterator[str]:
    lines = information(report.old, report.new, report.sides)
    if lines:
        yield "<h2>For information</h2>"
        yield from (f'<p class="soft">{_text(line)}</p>' for line in lines)
    if report.code and not report.same:
        yield f"<h2>To reproduce</h2><pre>{_text(report.code)}</pre>"
