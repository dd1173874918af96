"""What a new turn has to know of a conversation: its open calls and its tokens, without reading all of it again.

`ConversationFacts` is a part of a service: `engine.part(ConversationFacts)`. What it remembers is only where it
may stop: what was there before that was counted, and answered, when an earlier turn was taken.
"""

from __future__ import annotations

from understudy._apis.responses import render
from understudy._apis.responses.input_items import OUTPUTS
from understudy._apis.responses.objects import Json, call_of
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation, Item


class ConversationFacts:
    """Open calls and tokens of the conversations of one service."""

    def __init__(self, engine: Engine) -> None:  # noqa: ARG002 - as every part of a service is made
        self._checked_from: dict[str, str] = {}  # by conversation: the item before which every call was answered
        self._counted: dict[str, tuple[str, int, int]] = {}  # by conversation: the last item, how many, their tokens

    def took(self, conversation: Conversation, entries: list[Item]) -> None:
        """Note that a turn was taken, so that no call was open before what it brought."""
        if entries:
            self._checked_from[conversation.id] = entries[0].id

    def lost_an_item(self, conversation: Conversation) -> None:
        """Note that an item was deleted, which may have been the output of any call."""
        self._checked_from.pop(conversation.id, None)

    def open_calls(self, conversation: Conversation) -> list[Json]:
        """Give the calls that have no output yet, oldest first."""
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
        """Guess the tokens of all its items."""
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
