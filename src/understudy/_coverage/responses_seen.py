"""What an app saw of responses.

Their statuses, how these followed, what items they had and how they ended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy._apis.responses.error_texts import REFUSALS
from understudy._coverage import names

Meet = Callable[[str, str], None]


class ResponsesSeen:
    """Counts what the answers of one simulation, or of one replay, show of responses.

    Args:
        meet: counts one target, by its group and its name.
        shown: notes that the app was shown a response, by its id.
    """

    def __init__(self, meet: Meet, shown: Callable[[str], None]) -> None:
        self._meet = meet
        self._shown = shown
        self._status: dict[str, str] = {}  # in which each response was last shown
        self._items: set[str] = set()

    def error(self, status: int, body: Any) -> None:
        """Count an error answer."""
        self._meet(names.RESPONSE_ERRORS, names.error(status, body, REFUSALS))

    def see(self, value: Any) -> None:
        """Count what an answer shows, if it is a response."""
        if isinstance(value, dict) and value.get("object") == "response" and isinstance(value.get("id"), str):
            self._see_response(value)

    def event(self, name: str, value: Any) -> None:
        """Count an event of a stream."""
        self._meet(names.RESPONSE_EVENTS, name)
        if isinstance(value, dict):
            self.see(value.get("response"))

    def _see_response(self, shown: dict[str, Any]) -> None:
        response_id, status = shown["id"], str(shown.get("status"))
        before = self._status.get(response_id)
        self._shown(response_id)
        for item in shown.get("output") or ():
            if isinstance(item, dict) and item.get("id") not in self._items:
                self._items.add(str(item.get("id")))
                self._meet(names.ITEM_TYPES, str(item.get("type")))
        if status == before:
            return
        self._status[response_id] = status
        self._meet(names.RESPONSE_STATUSES, status)
        if before is not None:
            self._meet(names.RESPONSE_TRANSITIONS, names.transition(before, status))
        for details, key in (("error", "code"), ("incomplete_details", "reason")):
            why = shown.get(details)
            if isinstance(why, dict) and why.get(key):
                self._meet(names.RESPONSE_OUTCOMES, names.outcome(status, why[key]))
