"""Streams of the Responses API in a comparable form.

Two of them can then be compared event by event.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from understudy._reconstruct.response_moves import is_plain

Event = tuple[str, Any]

_ENDS = ("response.completed", "response.incomplete", "response.failed", "error")


def are_of_a_response(events: Sequence[Event]) -> bool:
    """Return True if these are events of a response."""
    return bool(events) and events[0][0].startswith("response.")


def comparable(recorded: Sequence[Event], served: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Return both streams in a comparable form.

    Events are numbered from 0, and pieces that the model alone decides on are joined.

    A recorded stream that was left before its end is compared as far as it goes.
    """
    plain = _plain_messages(recorded)
    ours, theirs = (_joined(_annotated_last(_renumbered(events)), plain) for events in (recorded, served))
    if ours[-1][0] not in _ENDS:
        theirs = theirs[: len(ours)]
        if ours[-1][0].endswith(".delta"):  # how much of it arrived is chance
            ours, theirs = ours[:-1], theirs[: len(ours) - 1]
    return ours, theirs


def _plain_messages(events: Sequence[Event]) -> frozenset[int]:
    """Return the positions of messages whose pieces a script decides."""
    done = (data for name, data in events if name == "response.output_item.done")
    return frozenset(data["output_index"] for data in done if is_plain(data["item"]))


def _renumbered(events: Sequence[Event]) -> list[Event]:
    """Replace each event's number by its distance from its place in the stream.

    0 throughout where none is missing.
    """
    found: list[Event] = []
    for place, (name, data) in enumerate(events):
        number = data.get("sequence_number") if isinstance(data, dict) else None
        found.append((name, {**data, "sequence_number": number - place} if isinstance(number, int) else data))
    return found


def _annotated_last(events: Sequence[Event]) -> list[Event]:
    """Put the annotations of a text behind its pieces.

    How soon one is sent depends on the pieces.
    """
    found: list[Event] = []
    waiting: list[Event] = []
    for event in events:
        if event[0] == "response.output_text.annotation.added":
            waiting.append(event)
            continue
        if not event[0].endswith(".delta"):
            found += waiting
            waiting = []
        found.append(event)
    return found + waiting


def _joined(events: Sequence[Event], plain: frozenset[int]) -> list[Event]:
    joined: list[Event] = []
    for key, group in groupby(events, key=lambda event: _piece_of(event, plain)):
        pieces = list(group)
        if key is None:
            joined += pieces
            continue
        name, data = pieces[0]
        joined.append((name, {**data, "delta": "".join(piece["delta"] for _, piece in pieces)}))
    return joined


def _piece_of(event: Event, plain: frozenset[int]) -> tuple[Any, ...] | None:
    """Return what a delta continues; None for events compared as they came."""
    name, data = event
    if not name.endswith(".delta") or not isinstance(data.get("delta"), str):
        return None
    if name == "response.output_text.delta" and data["output_index"] in plain:
        return None
    return (name, data.get("item_id"), data.get("content_index"), data.get("summary_index"))
