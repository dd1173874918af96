"""Who said, called and returned what in a recording of either API."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._cassettes import Interaction
from understudy._inspect.conversation_entry import ConversationEntry
from understudy._inspect.response_conversation import ResponseConversations
from understudy._inspect.thread_conversation import thread_entries


def conversation(interactions: Sequence[Interaction]) -> tuple[ConversationEntry, ...]:
    """Return the entries of every conversation, one conversation after the other.

    Each is in its own order.

    Raises:
        KeyError, TypeError, ValueError: the recording's server shapes its objects differently.
    """
    entries = [*thread_entries(interactions), *ResponseConversations(interactions).entries()]
    first: dict[str, int] = {}
    for entry in entries:
        first[entry.conversation] = min(entry.exchange, first.get(entry.conversation, entry.exchange))
    return tuple(sorted(entries, key=lambda entry: (first[entry.conversation], entry.conversation)))
