"""The responses of a recording as timelines, from its answers alone.

None is performed for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._cassettes import Interaction
from understudy._common.short_text import short
from understudy._diagnostics.response_timeline import status_of_item
from understudy._diagnostics.timeline import CALLED, Moment, Timeline
from understudy._engine.call_kinds.response_item import ANSWERED_BY_APP
from understudy._inspect.response_conversation import output_entries
from understudy._reconstruct.response_moves import TERMINAL, ResponseFacts
from understudy._reconstruct.session_facts import Json, objects_in
from understudy._reconstruct.timestamps import sent_at


def response_timelines(interactions: Sequence[Interaction]) -> list[Timeline]:
    """Return a timeline for each response that an answer shows, in recorded order.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the recording's server shapes its objects differently.
    """
    facts = ResponseFacts(interactions)
    return [_timeline(facts.last[response_id], shown_by) for response_id, shown_by in facts.shown_by.items()]


def _timeline(last: Json, shown_by: Sequence[Interaction]) -> Timeline:
    moments: list[Moment] = []
    known = _Known(last)
    for exchange in shown_by:
        moments += known.moments(exchange)
    status = last.get("status")
    return Timeline(last["id"], status if isinstance(status, str) else "unknown", tuple(moments))


class _Known:
    """What the exchanges so far have shown of one response."""

    def __init__(self, last: Json) -> None:
        self._id = last["id"]
        self._created = float(last["created_at"])
        self._at = self._created
        self._status = ""
        self._items: set[str] = set()

    def moments(self, exchange: Interaction) -> Iterator[Moment]:
        """Yield what an exchange shows first.

        A stream's `date` is that of its beginning, so that what it shows later is at the earliest moment possible.
        """
        sent = sent_at(exchange.header("date"))
        for data in [data for _, data in exchange.events] or [exchange.json]:
            if isinstance(data, dict) and isinstance(data.get("item"), dict):
                yield from self._of_item(data["item"])
            for view in objects_in(data):
                if view["object"] == "response" and view["id"] == self._id:
                    yield from self._of_view(view, sent)

    def _of_view(self, view: Json, sent: float) -> Iterator[Moment]:
        status = str(view.get("status"))
        is_over = status in TERMINAL
        ended = view.get("completed_at") if is_over else None  # since 2026
        first = self._created if not self._status and not is_over else 0
        self._at = max(self._at, float(ended or first or sent))
        for item in view.get("output") or ():
            yield from self._of_item(item)
        if status != self._status:
            self._status = status
            begins = CALLED if _ends_with_calls(view) else status
            yield Moment(self._at - self._created, "run", status, _note(view), begins)

    def _of_item(self, item: Json) -> Iterator[Moment]:
        item_id = str(item.get("id"))
        if item_id in self._items or item.get("status") == "in_progress":
            return
        self._items.add(item_id)
        words = ", ".join(short(entry.words) for entry in output_entries([item]))
        yield Moment(self._at - self._created, item_id, "item.done", words, status_of_item("item.done", item))


def _ends_with_calls(view: Json) -> bool:
    """Return True if a response waits for the app's outputs."""
    return view.get("status") == "completed" and bool(_calls(view))


def _note(view: Json) -> str:
    if _ends_with_calls(view):
        return ", ".join(short(entry.words) for entry in output_entries(_calls(view)))
    error, incomplete = view.get("error"), view.get("incomplete_details")
    if error:
        return f"{error['code']}: {short(error['message'])}"
    return incomplete["reason"] if incomplete else ""


def _calls(view: Json) -> list[Any]:
    return [item for item in view.get("output") or () if item.get("type") in ANSWERED_BY_APP]
