"""Conversations and their items [REC, contract 19]."""

from __future__ import annotations

from collections.abc import Sequence

from understudy._apis.common.operation_call import Call
from understudy._apis.responses import ids, render
from understudy._apis.responses.conversation_facts import ConversationFacts
from understudy._apis.responses.input_items import IMAGE_URLS, as_listed, includes, kept
from understudy._apis.responses.objects import Json, ResponsesObjects, refuse_locked
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.items import Conversation, Item


def make(
    engine: Engine,
    body: Json,
    *,
    id: str | None = None,  # noqa: A002
    created_at: float | None = None,
) -> Conversation:
    """Create a conversation, with its initial items."""
    at = engine.clock.now() if created_at is None else created_at
    conversation = Conversation(
        id=id or ids.conversation_id(engine.ids, at), created_at=at, metadata=dict(body.get("metadata") or {})
    )
    engine.part(ResponsesObjects).conversations.add(conversation)
    add_items(engine, conversation, body.get("items") or (), at)
    return conversation


def add_items(engine: Engine, conversation: Conversation, items: Sequence[Json], at: float) -> list[Item]:
    """Append items to a conversation."""
    added = []
    for item in items:
        item_id = ids.conversation_item_id(engine.ids, item["type"], conversation.id, at)
        added.append(kept(item, item_id, at, conversation.id))
        conversation.items.add(added[-1])
    return added


def _conversation(call: Call) -> Conversation:
    return call.engine.part(ResponsesObjects).conversation(call.ids["conversation_id"])


def create(call: Call) -> Json:
    """Create a conversation [REC]."""
    return render.conversation(make(call.engine, call.body))


def retrieve(call: Call) -> Json:
    """Return a conversation [REC]."""
    return render.conversation(_conversation(call))


def update(call: Call) -> Json:
    """Replace the metadata of a conversation [REC; that it is not merged: INF]."""
    conversation = _conversation(call)
    conversation.metadata = dict(call.body.get("metadata") or {})
    return render.conversation(conversation)


def delete(call: Call) -> Json:
    """Delete a conversation; its responses stay [REC].

    An active one goes on [INF].
    """
    conversation = _conversation(call)
    call.engine.part(ResponsesObjects).conversations.remove(conversation.id)
    return {"id": conversation.id, "object": "conversation.deleted", "deleted": True}


def _shown(call: Call, item: Item) -> Json:
    shown = render.listed_item(call.engine.part(ResponsesObjects), item)
    return as_listed(shown, with_images=IMAGE_URLS in includes(call.query))


def create_items(call: Call) -> Json:
    """Add items to a conversation; the response lists only these [REC].

    An active response locks it for this, too [INF].
    """
    conversation = _conversation(call)
    refuse_locked(call, conversation)
    added = add_items(call.engine, conversation, call.body["items"], call.engine.clock.now())
    return render.page([_shown(call, item) for item in added], has_more=False)


def list_items(call: Call) -> Json:
    """List the items of a conversation, newest first [REC]."""
    conversation, query = _conversation(call), call.query
    if "after" in query and not conversation.items.knows(query["after"]):
        raise ApiError("cursor.unknown", path="after", value=query["after"])
    call.polls.asked_list(conversation, call.request.url)
    found = conversation.items.page(limit=query.get("limit", 20), order=query.get("order", "desc"), after=query.get("after"))
    return render.page([_shown(call, item) for item in found.items], has_more=found.has_more)


def retrieve_item(call: Call) -> Json:
    """Return an item [REC]."""
    return _shown(call, call.engine.part(ResponsesObjects).item(**call.ids))


def delete_item(call: Call) -> Json:
    """Delete an item.

    The response is the item [REC, one recording]; SPEC says the conversation.
    """
    conversation = _conversation(call)
    item = call.engine.part(ResponsesObjects).item(**call.ids)
    refuse_locked(call, conversation)
    conversation.items.delete(item)
    call.engine.part(ConversationFacts).lost_an_item(conversation)
    return {"id": item.id, "object": "conversation.item.deleted", "deleted": True}
