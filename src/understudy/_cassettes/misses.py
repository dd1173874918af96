"""Explains a miss: what was asked, why nothing answers it, and what to do.

With what was recorded nearest, how the two differ, and where the replay is.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any

from understudy._apis.common.routing import api_path
from understudy._cassettes.bodies import meaning
from understudy._cassettes.interaction import Interaction, parsed
from understudy._cassettes.replay_cursor import END, ReplayCursor
from understudy._common.messages import Request
from understudy.errors import ReplayMiss

_MOST = 3
_MOST_LINES = 6  # of a difference: with the rest of the report, a screen

TO_DO = (
    "What to do: if the app changed on purpose, record this flow again (--understudy-record=new adds what is missing, and "
    "keeps the rest) against a server that still speaks the API, or edit the cassette; if only this value varies, leave it "
    "out of the comparison: ignore=['path.to.it'] or match_on=[...]."
)

TO_DO_ON_A_CUT = (
    "What to do: record this flow again with the app as it is now (--understudy-record=all) against a server that still "
    "speaks the API, write the rest of the answer into the cassette by hand, or stop reading where the recorded app did."
)


def miss(request: Request, name: str, position: ReplayCursor, reason: str | None = None) -> ReplayMiss:
    """Return the error for a request that the recording has no answer to.

    Args:
        request: what was asked.
        name: of the cassette.
        position: where the replay is.
        reason: why not, if more is known than that nothing matches.
    """
    path = api_path(request.path)
    near = nearest(request, position.recording.interactions)
    lines = [f"{name} has no answer to {_line(request, path)}"]
    lines.append(f"Why: {reason or _why(request, path, position, near)}")
    lines.append(f"Where the replay is: {_where(path, position)}")
    if near:
        lines.append("Nearest recorded:")
        lines += [f"  {interaction} -> {interaction.status}{_played(interaction, position)}" for interaction in near]
        if request.method != "GET":
            lines += difference(near[0], request)
    lines.append(TO_DO)
    return ReplayMiss("\n".join(lines))


def left_early(interaction: Interaction, name: str) -> ReplayMiss:
    """Return the error for an app that reads on where the recorded one stopped."""
    events = len(interaction.events)
    read = (
        f"{events} event{'' if events == 1 else 's'}" if interaction.is_stream else f"{len(interaction.body or b'')} bytes"
    )
    return ReplayMiss(
        f"{name} has no more of the answer to {interaction}\n"
        f"Why: the recorded app closed it after {read}; what the service sent after that was never recorded, and this app "
        f"reads on\n{TO_DO_ON_A_CUT}"
    )


def nearest(request: Request, interactions: Iterable[Interaction]) -> list[Interaction]:
    """Return the recorded requests most like this one, best first."""
    path = api_path(request.path)
    wanted = path.split("/")
    scored = []
    for interaction in interactions:
        score = 4 * (interaction.method == request.method) + 4 * (interaction.path == path)
        score += _same_segments(wanted, interaction.path.split("/"))
        scored.append((score, -interaction.index, interaction))
    scored.sort(key=lambda item: item[:2], reverse=True)
    same = [item for item in scored if item[2].path == path and item[2].method == request.method]
    if request.body and len(same) > 1:
        body = request.body.decode("utf-8", "replace")
        same.sort(key=lambda item: -_alike(body, item[2]))
    best = [item[2] for item in same] + [item[2] for item in scored if item not in same and item[0] >= 4]
    return best[:_MOST]


def difference(recorded: Interaction, request: Request) -> list[str]:
    """Return the lines in which two bodies differ; none when they mean the same.

    `-` is recorded, `+` is asked.
    """
    if recorded.request_body is None:
        return ["  (the recorded body is lost: it matches any)"]
    if meaning(recorded.path, recorded.request_body) == meaning(recorded.path, request.body):
        return []
    before, after = _pretty(recorded.request_body), _pretty(request.body)
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[3:]  # without the names, and the first position
    rest = [f"... {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else []
    return ["Difference (- recorded body, + asked body):", *(f"  {line}" for line in lines[:_MOST_LINES] + rest)]


def _line(request: Request, path: str) -> str:
    query = request.url.partition("?")[2]
    return f"{request.method} {path}{'?' + query if query else ''}"


def _why(request: Request, path: str, position: ReplayCursor, near: list[Interaction]) -> str:
    same = [other for other in near if other.path == path and other.method == request.method]
    if not same:
        return "no such request was recorded"
    matching = position.recording.matching
    same = [other for other in same if matching.recorded(other).key == matching.asked(request).key]
    if not same:
        return "it was recorded with another query, and a different query is a different question"
    if not any(matching.agree(other, request) for other in same):
        return "it was recorded, but a matcher of yours in match_on=[...] rejects it"
    equal = [other for other in same if not difference(other, request)]
    if equal and all(other.index in position.played for other in equal):
        return "every recorded one was played already, and a write is played once"
    if equal:
        return "the recorded one comes before writes that were played already, and writes are never played backwards"
    return "it was recorded with another body"


def _where(path: str, position: ReplayCursor) -> str:
    """Return the writes between which an answer may be taken, in words."""
    start, end = position.epoch(path)
    interactions = position.recording.interactions
    since = f"after {interactions[start]}" if start >= 0 else "from the start of the recording"
    until = f"before {interactions[end]}" if end < END[0] else "to its end"
    return f"{since}, {until}"


def _played(interaction: Interaction, position: ReplayCursor) -> str:
    return " (played)" if interaction.index in position.played else ""


def _same_segments(wanted: list[str], other: list[str]) -> int:
    if len(wanted) != len(other):
        return 0
    return sum(a == b for a, b in zip(wanted, other, strict=True))


def _alike(body: str, interaction: Interaction) -> float:
    recorded = (interaction.request_body or b"").decode("utf-8", "replace")
    return difflib.SequenceMatcher(None, body[:2000], recorded[:2000]).quick_ratio()


def _pretty(body: bytes) -> list[str]:
    value: Any = parsed(body)
    text = (
        json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
        if value is not None
        else body.decode("utf-8", "replace")
    )
    return text.splitlines()
