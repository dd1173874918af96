"""A cassette as a self-contained page, readable on a phone and in the dark.

It has no scripts. Not Jinja2: half of this file is the style sheet, and a template would not
shorten the rest (bars, moments and exchanges are computed), while every user would get one more
dependency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby, pairwise

from understudy._cassettes import Interaction
from understudy._common.short_text import counted
from understudy._diagnostics.timeline import COLOURS, Moment, Timeline
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.exchange_text import EMPTY, answer_text, body_text
from understudy._inspect.text import number_of, times
from understudy._inspect.view import CassetteView, Line

_STYLE = """
:root { color-scheme: light dark; --ink: #1f2933; --soft: #52606d; --line: #d9dee4; --back: #ffffff; --card: #f5f7fa;
  --bad: #b42318; --good: #1d6b3a; --user: #e3edfb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #3a4550; --back: #14191f;
  --card: #1d242c; --bad: #ff8f85; --good: #7ddc9f; --user: #1c3250; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: var(--ink); background: var(--back);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: .5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0; } h3 + p { margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0; }
dt, .soft { color: var(--soft); } dd { margin: 0; }
code, .mono { font: .875rem/1.45 ui-monospace, monospace; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem; margin: .5rem 0; }
.bar { display: flex; height: .9rem; margin: .6rem 0; border-radius: .3rem; overflow: hidden; background: var(--line); }
.bar span { min-width: 3px; }
ol, ul { list-style: none; margin: 0; padding: 0; }
.moments li { display: grid; grid-template-columns: 4.5rem 1fr; gap: .6rem; padding: .1rem 0; }
.moments .at { text-align: right; color: var(--soft); font-variant-numeric: tabular-nums; }
.dot { display: inline-block; width: .65rem; height: .65rem; border-radius: 50%; margin-right: .4rem;
  background: var(--line); }
.inner { padding-left: 1.05rem; }
.exchanges li { border-top: 1px solid var(--line); }
.exchanges summary { display: grid; grid-template-columns: 4.2rem 1fr 3rem; gap: 0 .6rem; padding: .4rem 0;
  cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; } summary:hover code { text-decoration: underline; }
.exchanges .number::before { content: "\\25b8 "; } [open] > summary .number::before { content: "\\25be "; }
.exchanges .what { grid-column: 2 / 4; } .number { color: var(--soft); text-align: right; }
.status { text-align: right; } .bad { color: var(--bad); } .good { color: var(--good); }
a { color: inherit; } pre { margin: .25rem 0 .75rem; padding: .6rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .4rem; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 30rem; overflow-y: auto;
  font: .8125rem/1.45 ui-monospace, monospace; }
.talk { display: flex; flex-direction: column; gap: .4rem; }
.said { max-width: 44rem; padding: .4rem .7rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; white-space: pre-wrap; }
.said.user { align-self: flex-end; background: var(--user); }
.said.call, .said.output { font: .875rem/1.45 ui-monospace, monospace; }
.said.call { border-left: .25rem solid #f0b429; } .said.output { border-left: .25rem solid #5b8def; }
.said.reasoning { font-style: italic; } .said .who { display: block; color: var(--soft);
  font: .8rem/1.3 system-ui, sans-serif; }
.said.outcome { align-self: center; background: none; border: 0; color: var(--soft); padding: 0 .7rem; }
""".strip()


def as_html(view: CassetteView) -> str:
    """Return the page."""
    title = escape(view.path.name)
    parts = [*_head(view), *_conversations(view), *_runs(view), *_exchanges(view), *_problems(view)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(view: CassetteView) -> Iterator[str]:
    yield f"<h1>{escape(view.path.name)}</h1>"
    yield "<dl>"
    facts = {
        "recorded": view.age,
        "by": "; ".join(view.clients) or "unknown: no header says",
        "from": "; ".join(view.servers) or "(unknown)",
        "holds": _contents(view),
    }
    for name, value in facts.items():
        yield f"<dt>{name}</dt><dd>{escape(value)}</dd>"
    found = len(view.findings)
    text = f"<span class=bad>{counted(found, 'finding')}</span>" if found else "<span class=good>none</span>"
    yield f"<dt>findings</dt><dd>{text}</dd></dl>"


def _contents(view: CassetteView) -> str:
    exchanges = counted(view.interactions, "exchange")
    return f"{exchanges}, {counted(len(view.runs), 'run')}" if view.runs else exchanges


# -- conversations --------------------------------------------------------------


def _conversations(view: CassetteView) -> Iterator[str]:
    for name, entries in groupby(view.conversation, key=lambda entry: entry.conversation):
        yield f"<h2>Conversation <code>{escape(name)}</code></h2><div class=talk>"
        yield from map(_said, entries)
        yield "</div>"


def _said(entry: ConversationEntry) -> str:
    bad = " bad" if entry.kind == "outcome" and entry.name != "completed" else ""
    who = f'<a href="#exchange-{entry.exchange}">#{entry.exchange}</a> {escape(entry.label)}'
    if entry.kind == "outcome":
        return f'<div class="said outcome{bad}">{who} {escape(entry.words)}</div>'
    return f'<div class="said {escape(entry.kind)}"><span class=who>{who}</span>{escape(entry.words)}</div>'


# -- runs -----------------------------------------------------------------------


def _runs(view: CassetteView) -> Iterator[str]:
    if view.runs or view.no_runs:
        yield "<h2>Runs</h2>"
    if view.no_runs:
        yield f"<p class=bad>They could not be reconstructed: {escape(view.no_runs)}</p>"
    for run in view.runs:
        yield f"<section class=card><h3 class=mono>{escape(run.run_id)}</h3><p class=soft>{_summary(run)}</p>"
        yield _bar(run)
        yield "<ol class=moments>"
        yield from (_moment(moment) for moment in run.moments)
        yield "</ol></section>"


def _summary(run: Timeline) -> str:
    seconds = run.moments[-1].at if run.moments else 0
    return f"{escape(run.status)}, {seconds:g} s"


def _bar(run: Timeline) -> str:
    """Return the statuses of a run as a bar, each as wide as it lasted."""
    statuses = [moment for moment in run.moments if moment.what == "run" and moment.name in COLOURS]
    parts = []
    for moment, after in pairwise(statuses):
        label = escape(f"{moment.name}: {moment.at:g} to {after.at:g} s")
        share = max(after.at - moment.at, 0)
        parts.append(f'<span style="flex: {share:g} 0 0; background: {COLOURS[moment.name]}" title="{label}"></span>')
    return f'<div class=bar role=img aria-label="{escape(_in_words(statuses))}">{"".join(parts)}</div>'


def _in_words(statuses: Iterable[Moment]) -> str:
    return ", ".join(f"{moment.name} at {moment.at:g} s" for moment in statuses)


def _moment(moment: Moment) -> str:
    is_run = moment.what == "run"
    colour = COLOURS.get(moment.name) if is_run else None
    dot = f'<span class=dot style="background: {colour}"></span>' if colour else ""
    subject = "" if is_run else f"{escape(moment.what.partition('_')[0])} "
    note = f" <code>{escape(moment.note)}</code>" if moment.note else ""
    inner = "" if is_run else " class=inner"
    return f"<li><span class=at>{moment.at:.2f} s</span><span{inner}>{dot}{subject}{escape(moment.name)}{note}</span></li>"


# -- exchanges and what is wrong --------------------------------------------------


def _exchanges(view: CassetteView) -> Iterator[str]:
    yield "<h2>Exchanges</h2><ol class=exchanges>"
    for line in view.lines:
        yield _exchange(line, [one for one in view.exchanges if line.first <= one.index <= line.last])
    yield "</ol>"


def _exchange(line: Line, members: Sequence[Interaction]) -> str:
    bad = " bad" if line.status >= 400 else ""
    inner = "".join(_bodies(members))
    anchors = "".join(f'<span id="exchange-{one.index}"></span>' for one in members)
    return (
        f'<li>{anchors}<details><summary><span class="number mono">{number_of(line)}</span>'
        f"<code>{escape(line.method)} {escape(line.path)}</code>"
        f'<span class="status mono{bad}">{line.status}</span>'
        f'<span class="what soft">{escape(line.operation)}: {escape(line.what)}{times(line)}</span>'
        f"</summary>{inner}</details></li>"
    )


def _bodies(members: Sequence[Interaction]) -> Iterator[str]:
    """Yield what was sent and answered, in full.

    Of a poll that changed nothing, only that.
    """
    before: tuple[str, str] | None = None
    for one in members:
        number = f"#{one.index} " if len(members) > 1 else ""
        bodies = body_text(one.request_body, one.request_json), answer_text(one)
        if bodies == before:
            yield f"<p class=soft>{number}the same again</p>"
            continue
        before = bodies
        for title, body in zip(("request", "answer"), bodies, strict=True):
            if body != EMPTY:
                yield f"<p class=soft>{number}{title}</p><pre>{escape(body)}</pre>"


def _problems(view: CassetteView) -> Iterator[str]:
    sections = (
        ("Not readable", view.unreadable),
        ("Secrets", [finding.brief for finding in view.findings if finding.kind == "secret"]),
        ("Against the observed spec", [finding.brief for finding in view.findings if finding.kind == "spec"]),
    )
    for title, sentences in sections:
        yield f"<h2>{title}</h2>"
        if not sentences:
            yield "<p class=good>none</p>"
        else:
            yield f"<ul>{''.join(f'<li class=card>{escape(sentence)}</li>' for sentence in sentences)}</ul>"
