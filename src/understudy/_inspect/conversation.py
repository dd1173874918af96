"""Who said, called and returned what in a recording, whichever API it is of."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._cassettes import Interaction
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.response_conversation import ResponseConversations
from understudy._inspect.thread_conversation import thread_entries


def conversation(interactions: Sequence[Interaction]) -> tuple[ConversationEntry, ...]:
    """Give the entries of every conversation, one conversation after the other, each in its own order.

    Raises:
        KeyError, TypeError, ValueError: the recording is of a server whose objects are shaped otherwise.
    """
    entries = [*thread_entries(interactions), *ResponseConversations(interactions).entries()]
    first: dict[str, int] = {}
    for entry in entries:
        first[entry.conversation] = min(entry.exchange, first.get(entry.conversation, entry.exchange))
    return tuple(sorted(entries, key=lambda entry: (first[entry.conversation], entry.conversation)))
