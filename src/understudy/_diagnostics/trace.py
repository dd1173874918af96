"""What explains a failure in a generated world: its scripts as code to paste, and what the app did and saw."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import understudy
from understudy._apis import faces
from understudy._cassettes.secrets import Scrubber
from understudy._diagnostics.request_log import Logged

MOST_LINES = 24  # of a trace; the first and the last of them
MOST_LETTERS = 70  # of a body
TRACED = "requests the app made (second of the clock, request, what it saw):"
_STATUS = re.compile(rb'"status": ?"(\w+)"')
_MESSAGE = re.compile(rb'"message": ?("(?:[^"\\]|\\.)*)')  # the end of a long one is cut off
_NAMES = re.compile(r"\b([A-Za-z]\w*)\(")


@dataclass(slots=True)
class _Line:
    """Requests one after the other that were the same and showed the same."""

    at: float
    what: str
    until: float
    times: int = 1

    def __str__(self) -> str:
        again = f"  ({self.times} times, until {self.until:.1f})" if self.times > 1 else ""
        return f"{self.at:8.1f}  {self.what}{again}"


def explanation(code: str, value: Any, opening: str, log: Sequence[Logged], start: float) -> str:
    """Return a text for `BaseException.add_note`.

    Args:
        code: the line that sets up what was generated, `{}` in it for the value.
        opening: the line that makes the world, if it is another one.
        log: the requests, oldest first.
        start: what the clock showed at first, in unix seconds.
    """
    lines = [code.replace("{}", repr(value))]
    if opening and not code.startswith("with "):
        lines = [opening, f"    {lines[0]}"]
    return "\n".join(
        [
            "understudy: reproduce with",
            *(f"    {line}" for line in (*_imports(lines), *lines)),
            TRACED,
            *requests_seen(log, start, most=MOST_LINES + 1),
        ]
    )


def _imports(code: Sequence[str]) -> Iterator[str]:
    """Return the imports that some code needs.

    Words in its texts may be taken for names; that does no harm.
    """
    names = {name for line in code for name in _NAMES.findall(line)}
    known = sorted(names & set(understudy.__all__))
    if known:
        yield f"from understudy import {', '.join(known)}"
    if "Scenario" in names:
        yield "from understudy.strategies import Scenario"


def requests_seen(
    log: Sequence[Logged], start: float, clean: Callable[[str], str] | None = None, most: int = MOST_LINES
) -> Iterator[str]:
    """Return a line for each request that differs from the one before: when it came, what it was, what the app saw.

    Args:
        log: the requests, oldest first.
        start: the unix time, in seconds, from which the lines count.
        clean: takes the secrets out of a text; by default those that have a known shape.
        most: lines in all; of more, the middle is left out, and counted in one.
    """
    lines, clean = list[_Line](), clean or Scrubber().text
    for logged in log:
        what, at = f"{_did(logged, clean)} -> {_saw(logged, clean)}", logged.at - start
        if lines and lines[-1].what == what:
            lines[-1].times += 1
            lines[-1].until = at
        else:
            lines.append(_Line(at, what, at))
    if not lines:
        yield "    nothing: no request came"
    first, last = (len(lines), 0) if len(lines) <= most else ((most - 1) // 2, most - 1 - (most - 1) // 2)
    yield from map(str, lines[:first])
    if left_out := lines[first : len(lines) - last]:
        yield f"          ... {sum(one.times for one in left_out)} more requests ..."
    yield from map(str, lines[len(lines) - last :])


def _did(logged: Logged, clean: Callable[[str], str]) -> str:
    sent = logged.sent
    operation, ids = faces.ALL.find(sent.method, sent.path)[:2]
    name = clean(f"{sent.method} {sent.path}") if operation is None else " ".join([operation.name, *list(ids.values())[-1:]])
    body = sent.json
    # Cleaned before it is shortened: what is left of a secret that was cut has no shape.
    text = clean(json.dumps(body, ensure_ascii=False, separators=(",", ":"))) if body else ""
    return f"{name} {_shortened(text)}" if text else name


def _saw(logged: Logged, clean: Callable[[str], str]) -> str:
    """Return the status of the run that was shown, or the refusal, or the HTTP status; and the fault that it met."""
    fault = f"  ({logged.fault.what!r})" if logged.fault is not None else ""
    if logged.status is None:
        return f"no answer{fault}"
    if logged.stream:
        broken = "" if logged.stream == "read" else ", not read to its end"
        return f"a stream{f', to {logged.shown.decode()}' if logged.shown else ''}{broken}{fault}"
    if logged.status >= 400:
        message = _MESSAGE.search(logged.shown)
        text = _decoded(message[1]) if message else logged.shown.decode(errors="replace")
        most = MOST_LETTERS if text.startswith("understudy: ") else 2 * MOST_LETTERS  # ours is shown where it is raised
        return f"{logged.status} {_shortened(clean(text), most)}{fault}"
    status = _STATUS.search(logged.shown)
    return f"{status[1].decode() if status else logged.status}{fault}"


def _decoded(cut: bytes) -> str:
    """Return a JSON string without its closing quote, as far as it is whole."""
    whole = re.sub(r"\\(u[0-9a-fA-F]{0,3})?$", "", cut.decode(errors="replace"))
    return str(json.loads(f'{whole}"', strict=False))


def _shortened(text: str, most: int = MOST_LETTERS) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
