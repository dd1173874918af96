"""The explanation of a failure in a generated simulation.

It shows the script as code to paste, and the requests the app made.
"""

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

MAX_LINES = 24  # of a trace: the first and the last ones
MAX_BODY_CHARACTERS = 70
TRACED = "requests the app made (virtual time in s, request, response):"
_STATUS = re.compile(rb'"status": ?"(\w+)"')
# Up to where it was cut short: half an escape, and one that JSON does not have, are not part of it.
_MESSAGE = re.compile(rb'"message": ?("(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt])*)')
_NAMES = re.compile(r"\b([A-Za-z]\w*)\(")


@dataclass(slots=True)
class _Line:
    """Consecutive requests that were the same and had the same answer."""

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
        code: the line that sets up the generated value, with `{}` for the value.
        value: the value; its repr is code.
        opening: the line that opens the simulation, if it is a different one.
        log: the requests, oldest first.
        start: the clock's first time, in unix seconds.
    """
    lines = [code.replace("{}", repr(value))]
    if opening and not code.startswith("with "):
        lines = [opening, f"    {lines[0]}"]
    return "\n".join(
        [
            "understudy: reproduce with",
            *(f"    {line}" for line in (*_imports(lines), *lines)),
            TRACED,
            *requests_seen(log, start, most=MAX_LINES + 1),
        ]
    )


def _imports(code: Sequence[str]) -> Iterator[str]:
    """Yield the imports that some code needs.

    Words in its strings may be mistaken for names, which is harmless.
    """
    names = {name for line in code for name in _NAMES.findall(line)}
    known = sorted(names & set(understudy.__all__))
    if known:
        yield f"from understudy import {', '.join(known)}"
    if "Scenario" in names:
        yield "from understudy.strategies import Scenario"


def requests_seen(
    log: Sequence[Logged], start: float, clean: Callable[[str], str] | None = None, most: int = MAX_LINES
) -> Iterator[str]:
    """Yield a line for each request: its time, what it was, and the answer.

    Consecutive equal requests are one line.

    Args:
        log: the requests, oldest first.
        start: the unix time, in seconds, from which the times count.
        clean: removes the secrets from a text; by default, those of a known shape.
        most: the maximum number of lines; beyond it, the middle becomes one line with the number left out.
    """
    lines, clean = list[_Line](), clean or Scrubber().text
    for logged in log:
        what, at = f"{_request_words(logged, clean)} -> {_answer_words(logged, clean)}", logged.at - start
        if lines and lines[-1].what == what:
            lines[-1].times += 1
            lines[-1].until = at
        else:
            lines.append(_Line(at, what, at))
    if not lines:
        yield "    none: the app sent no request"
    first, last = (len(lines), 0) if len(lines) <= most else ((most - 1) // 2, most - 1 - (most - 1) // 2)
    yield from map(str, lines[:first])
    if left_out := lines[first : len(lines) - last]:
        yield f"          ... {sum(one.times for one in left_out)} more requests ..."
    yield from map(str, lines[len(lines) - last :])


def _request_words(logged: Logged, clean: Callable[[str], str]) -> str:
    sent = logged.sent
    operation, ids = faces.ALL.find(sent.method, sent.path)[:2]
    name = clean(f"{sent.method} {sent.path}" if operation is None else " ".join([operation.name, *list(ids.values())[-1:]]))
    body = sent.json
    # Cleaned before it is shortened: a secret cut short no longer has a recognisable shape.
    text = clean(json.dumps(body, ensure_ascii=False, separators=(",", ":"))) if body else ""
    return f"{name} {_shortened(text)}" if text else name


def _answer_words(logged: Logged, clean: Callable[[str], str]) -> str:
    """Return the answer in words, with the fault that the request met.

    That is the status of the object shown, or the refusal, or the HTTP status.
    """
    fault = f"  ({logged.fault.what!r})" if logged.fault is not None else ""
    if logged.status is None:
        return f"no answer{fault}"
    if logged.stream:
        broken = "" if logged.stream == "read" else ", not read to its end"
        return f"a stream{f', to {logged.shown.decode()}' if logged.shown else ''}{broken}{fault}"
    if logged.status >= 400:
        message = _MESSAGE.search(logged.shown)
        text = _decoded(message[1]) if message else logged.shown.decode(errors="replace")
        most = (
            MAX_BODY_CHARACTERS if text.startswith("understudy: ") else 2 * MAX_BODY_CHARACTERS
        )  # our own is shown in full where it is raised
        return f"{logged.status} {_shortened(clean(text), most)}{fault}"
    status = _STATUS.search(logged.shown)
    return f"{status[1].decode() if status else logged.status}{fault}"


def _decoded(cut: bytes) -> str:
    """Decode a JSON string that lacks its end; half of a surrogate pair becomes `?`."""
    text = str(json.loads(f'{cut.decode(errors="replace")}"', strict=False))
    return text.encode(errors="replace").decode()


def _shortened(text: str, most: int = MAX_BODY_CHARACTERS) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 3]}..."
