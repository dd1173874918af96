"""What a new turn needs to know of a conversation: its open calls and its tokens.

`ConversationFacts` is a part of a service: `engine.part(ConversationFacts)`. It remembers how far an earlier turn
has read, so that each turn reads only what is new.
"""

from __future__ import annotations

from understudy._apis.responses import render
from understudy._apis.responses.input_items import OUTPUTS
from understudy._apis.responses.objects import Json, call_of
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation, Item


class ConversationFacts:
    """The open calls and tokens of the conversations of one service."""

    def __init__(self, engine: Engine) -> None:  # noqa: ARG002 - as every part of a service is made
        self._checked_from: dict[str, str] = {}  # by conversation: the item before which every call was answered
        self._counted: dict[str, tuple[str, int, int]] = {}  # by conversation: the last item, how many, their tokens

    def took(self, conversation: Conversation, entries: list[Item]) -> None:
        """Record that a turn was accepted, so that no call before its input is open."""
        if entries:
            self._checked_from[conversation.id] = entries[0].id

    def lost_an_item(self, conversation: Conversation) -> None:
        """Record that an item was deleted, possibly the output of a call."""
        self._checked_from.pop(conversation.id, None)

    def open_calls(self, conversation: Conversation) -> list[Json]:
        """Return the calls without an output so far, oldest first."""
        waiting: dict[str, Json] = {}
        answered: set[str] = set()
        checked_from = self._checked_from.get(conversation.id)
        for item in reversed(conversation.items):
            given = getattr(item.state, "given", None)
            if given is not None and given["type"] in OUTPUTS:
                answered.add(given["call_id"])
            elif (call := call_of(item)) is not None and call["call_id"] not in answered:
                waiting[call["call_id"]] = call
            if item.id == checked_from:
                break
        return list(reversed(waiting.values()))

    def tokens(self, conversation: Conversation) -> int:
        """Estimate the tokens of all items of a conversation."""
        last, count, total = self._counted.get(conversation.id, ("", 0, 0))
        new: list[Item] = []
        for item in reversed(conversation.items):
            if item.id == last:
                break
            new.append(item)
        if count + len(new) != len(conversation.items):  # one was deleted, or put in between
            new, total = list(reversed(conversation.items)), 0
        total += sum(render.item_tokens(item) for item in new)
        if new:
            self._counted[conversation.id] = (new[0].id, len(conversation.items), total)
        return total
