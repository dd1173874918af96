"""Conversations and their items."""

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
    """Make a conversation, with the items it begins with."""
    at = engine.clock.now() if created_at is None else created_at
    held = Conversation(
        id=id or ids.conversation_id(engine.ids, at), created_at=at, metadata=dict(body.get("metadata") or {})
    )
    engine.part(ResponsesObjects).conversations.add(held)
    add_items(engine, held, body.get("items") or (), at)
    return held


def add_items(engine: Engine, held: Conversation, items: Sequence[Json], at: float) -> list[Item]:
    """Put items at the end of a conversation."""
    added = []
    for item in items:
        item_id = ids.conversation_item_id(engine.ids, item["type"], held.id, at)
        added.append(kept(item, item_id, at, held.id))
        held.items.add(added[-1])
    return added


def _conversation(call: Call) -> Conversation:
    return call.engine.part(ResponsesObjects).conversation(call.ids["conversation_id"])


def create(call: Call) -> Json:
    """Make a conversation [REC]."""
    return render.conversation(make(call.engine, call.body))


def retrieve(call: Call) -> Json:
    """Give a conversation [REC]."""
    return render.conversation(_conversation(call))


def update(call: Call) -> Json:
    """Replace a conversation's metadata [REC; that it is not merged: INF]."""
    held = _conversation(call)
    held.metadata = dict(call.body.get("metadata") or {})
    return render.conversation(held)


def delete(call: Call) -> Json:
    """Delete a conversation; responses that ran in it stay [REC; what becomes of one that runs: INF, it goes on]."""
    held = _conversation(call)
    call.engine.part(ResponsesObjects).conversations.remove(held.id)
    return {"id": held.id, "object": "conversation.deleted", "deleted": True}


def _shown(call: Call, item: Item) -> Json:
    shown = render.listed_item(call.engine.part(ResponsesObjects), item)
    return as_listed(shown, with_images=IMAGE_URLS in includes(call.query))


def create_items(call: Call) -> Json:
    """Put items into a conversation; the answer lists only these [REC; that the lock holds here, too: INF]."""
    held = _conversation(call)
    refuse_locked(call, held)
    added = add_items(call.engine, held, call.body["items"], call.engine.clock.now())
    return render.page([_shown(call, item) for item in added], has_more=False)


def list_items(call: Call) -> Json:
    """List a conversation's items, newest first [REC]."""
    held, query = _conversation(call), call.query
    if "after" in query and not held.items.knows(query["after"]):
        raise ApiError("cursor.unknown", path="after", value=query["after"])
    call.polls.asked_list(held, call.request.url)
    found = held.items.page(limit=query.get("limit", 20), order=query.get("order", "desc"), after=query.get("after"))
    return render.page([_shown(call, item) for item in found.items], has_more=found.has_more)


def retrieve_item(call: Call) -> Json:
    """Give an item [REC]."""
    return _shown(call, call.engine.part(ResponsesObjects).item(**call.ids))


def delete_item(call: Call) -> Json:
    """Delete an item [REC, one recording: the answer names the item; SPEC says the conversation]."""
    held = _conversation(call)
    item = call.engine.part(ResponsesObjects).item(**call.ids)
    refuse_locked(call, held)
    held.items.remove(item.id)
    call.engine.part(ConversationFacts).lost_an_item(held)
    return {"id": item.id, "object": "conversation.item.deleted", "deleted": True}
