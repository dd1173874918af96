"""A cassette on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from understudy._inspect.view import CassetteView, Line

_LONGEST_PATH = 64


def as_text(view: CassetteView) -> str:
    """Everything that a view holds, in lines."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: CassetteView) -> Iterator[str]:
    yield f"{view.path}"
    if view.recorder:
        yield f"  format    {view.recorder}"
    yield f"  recorded  {view.age}"
    yield f"  by        {'; '.join(view.clients) or 'unknown: no header tells'}"
    yield f"  from      {'; '.join(view.servers) or 'nobody'}"
    yield f"\n{counted(view.interactions, 'exchange')}"
    width = max((len(_short_path(line.path)) for line in view.lines), default=0)
    for line in view.lines:
        asked = f"{line.method:6} {_short_path(line.path):{width}}"
        yield f"  {number_of(line):>9} {asked} {line.status}  {line.what}{times(line)}"
    yield f"\n{counted(len(view.runs), 'run')}"
    if view.no_runs:
        yield f"  cannot be told: {view.no_runs}"
    for run in view.runs:
        yield "\n".join(f"  {row}" for row in str(run).splitlines())
    yield from _section("not readable", view.unreadable)
    for title, kind in (("secrets", "secret"), ("against the observed spec", "spec")):
        yield from _section(title, [finding.brief for finding in view.findings if finding.kind == kind])


def _section(title: str, sentences: tuple[str, ...] | list[str]) -> Iterator[str]:
    yield f"\n{title}: {len(sentences) or 'none'}"
    for sentence in sentences:
        yield f"  {sentence}"


def number_of(line: Line) -> str:
    """`#3`, or `#3-7` for several in a row."""
    return f"#{line.first}" if line.first == line.last else f"#{line.first}-{line.last}"


def times(line: Line) -> str:
    return f"  ({line.count} times)" if line.count > 1 else ""


def counted(count: int, name: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count} {name}{'' if count == 1 else 's'}"


def _short_path(path: str) -> str:
    """A path with its long ids cut in the middle of the way, if it is too long for a line."""
    if len(path) <= _LONGEST_PATH:
        return path
    return "/".join(f"{piece[:11]}…" if len(piece) > 20 and "_" in piece else piece for piece in path.split("/"))
