"""The style of the coverage page.

For a phone and a desktop, light or dark as the reader's system is.
"""

STYLE = """
:root { color-scheme: light dark; --ink: #17202a; --soft: #55616e; --line: #d9e0e7; --back: #f6f8fa; --card: #ffffff;
  --met: #17733f; --met-back: #e9f6ee; --missed: #a8480a; --missed-back: #fff6ec; --code: #f1f4f7; --track: #e3e8ed; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --soft: #9ba7b4; --line: #2f3944; --back: #10151a;
  --card: #181f26; --met: #63cf90; --met-back: #14291e; --missed: #f3ab62; --missed-back: #2b2116; --code: #212a33;
  --track: #2c3641; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.25rem 1rem 4rem; color: var(--ink); background: var(--back);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.05rem; font-weight: 600; margin: 0; color: var(--soft); }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; } h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; } .soft, small { color: var(--soft); } small { font-size: .8125rem; }
a { color: inherit; } :focus-visible { outline: 2px solid var(--met); outline-offset: 2px; border-radius: .25rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; }
.percent { font-size: 3.25rem; font-weight: 700; line-height: 1.1; letter-spacing: -.02em; }
.track { height: .5rem; border-radius: .25rem; background: var(--track); overflow: hidden; margin: .4rem 0; }
.track span { display: block; height: 100%; background: var(--met); border-radius: inherit; }
.figures { display: grid; grid-template-columns: repeat(2, 1fr); gap: .75rem; margin-top: 1rem; }
.figures .card { padding: .6rem .85rem .5rem; text-decoration: none; display: block; }
.figures .card:hover { border-color: var(--soft); }
.figures b { font-size: 1.25rem; font-variant-numeric: tabular-nums; } .figures .beside b { font-size: 1rem; }
.figures .beside { background: none; }
figure { margin: 0; } .two { display: grid; gap: 1rem; align-items: start; } .two > * { min-width: 0; }
.graph { display: block; width: 100%; max-width: 33rem; height: auto; margin: 0 auto; font-size: 12.5px; }
.graph text { fill: var(--ink); text-anchor: middle; font-weight: 600; }
figure.card { padding: .75rem .4rem; }
.graph .times { font-size: 12px; font-weight: 500; fill: var(--soft); font-variant-numeric: tabular-nums; }
.graph > .times { text-anchor: start; fill: var(--met); font-weight: 700; paint-order: stroke; stroke: var(--card);
  stroke-width: 3.5px; stroke-linejoin: round; }
.graph .arrow { fill: none; stroke-width: 1.75; } .graph .status rect { stroke-width: 1.75; }
.graph .met { stroke: var(--met); } .graph .missed { stroke: var(--missed); } .graph .omitted { stroke: var(--line); }
.graph .head { stroke: none; } .graph .head.met { fill: var(--met); } .graph .head.missed { fill: var(--missed); }
.graph .head.omitted { fill: var(--line); }
.graph .arrow.missed, .graph .missed rect { stroke-dasharray: 5 4; }
.graph .arrow.omitted, .graph .omitted rect { stroke-dasharray: 1 4; }
.graph .status.met rect { fill: var(--met-back); } .graph .status.missed rect { fill: var(--missed-back); }
.graph .status.omitted rect { fill: var(--card); } .graph .status text, .graph .status circle { stroke: none; }
.graph .status.missed .times { fill: var(--missed); font-weight: 700; }
.legend { font-size: .875rem; color: var(--soft); text-align: center; margin-top: .75rem; }
.key { display: inline-block; width: 1.75rem; border-top: 2px solid var(--met); vertical-align: middle;
  margin: 0 .3rem 0 .9rem; }
.key.missed { border-top: 2px dashed var(--missed); } .key.omitted { border-top: 2px dotted var(--soft); }
pre { color: var(--ink); margin: .35rem 0 0; padding: .55rem .7rem; background: var(--code); border-radius: .4rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre code { user-select: all; }
.advice { list-style: none; margin: 0; padding: 0; } .advice li { padding: .7rem 0; border-top: 1px solid var(--line); }
.advice li:first-child { border: 0; padding-top: .25rem; } .advice .trigger { font-size: .875rem; color: var(--soft); }
.tag { display: inline-block; font-size: .8125rem; font-weight: 600; color: var(--missed); background: var(--missed-back);
  border: 1px dashed var(--missed); border-radius: .4rem; padding: 0 .45rem; margin: 0 .25rem .2rem 0; }
.tables { display: grid; gap: 1rem; align-items: start; } .tables > * { min-width: 0; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
th, td { text-align: left; font-weight: 400; vertical-align: top; padding: .3rem 0; border-top: 1px solid var(--line); }
td:last-child { text-align: right; padding-left: .75rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.about { font-size: .8125rem; line-height: 1.35; color: var(--soft); } .mark { width: 1.5rem; font-weight: 700; }
tr.met .mark { color: var(--met); } tr.missed .mark, tr.missed td:last-child { color: var(--missed); }
tr.omitted * { color: var(--soft); }
summary { cursor: pointer; } details > summary { padding: .15rem 0; }
details.group > summary { font-weight: 600; } details.group[open] > summary { margin-bottom: .35rem; }
.tests { display: grid; gap: .5rem; } .tests > * { min-width: 0; } .tests .card { padding: .5rem .85rem; }
.path { display: flex; height: .55rem; gap: 2px; margin: .35rem 0 .2rem; max-width: 30rem; }
.path span { flex: 1; border-radius: .15rem; }
.scroll { overflow-x: auto; margin: .5rem 0; border-top: 1px solid var(--line); }
.scroll svg { display: block; width: 100%; max-width: 30rem; height: auto; }
.scroll rect[width="100%"] { fill: transparent; } .scroll line { stroke: var(--line); }
.scroll text { fill: var(--ink); } .scroll text[text-anchor] { fill: var(--soft); } .scroll circle { stroke: var(--card); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 48rem) { summary code { word-break: break-all; } }
@media (min-width: 48rem) { .figures { grid-template-columns: repeat(4, 1fr); }
  .tables { grid-template-columns: 1fr 1fr; } #transitions { grid-area: 1 / 2 / span 3; } }
@media (min-width: 62rem) { body { padding: 2rem 1.5rem 4rem; }
  .two { grid-template-columns: minmax(0, 6fr) minmax(0, 5fr); } .two figure { position: sticky; top: 1rem; } }
@media print { body { background: none; max-width: none; } .card { break-inside: avoid; } }
""".strip()
