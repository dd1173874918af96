"""Messages: create, list, retrieve, modify, delete."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import THREAD_STORE_DAYS, normal_content
from understudy._apis.assistants.existence_checks import check_message, wants_search
from understudy._apis.assistants.objects import AssistantsObjects, Thread
from understudy._apis.assistants.views import to_rest
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.engine import Engine
from understudy._engine.items import Item, is_message
from understudy._engine.vector_stores import StoreEntry


def create(call: Call) -> Json:
    thread = call.engine.part(AssistantsObjects).thread(call.ids["thread_id"])
    check_message(call.engine, call.body)
    return to_rest(render.message(make(call.engine, thread, call.body)))


def make(
    engine: Engine,
    thread: Thread,
    body: Json,
    *,
    id: str | None = None,  # noqa: A002
    created_at: float | None = None,
) -> Item:
    """Add a message from a checked request body.

    Raises:
        ApiError: a run of the thread is active.
    """
    attachments = list(body.get("attachments") or [])
    message = engine.part(AssistantsObjects).add_message(
        thread,
        role=body["role"],
        content=normal_content(body["content"]),
        attachments=attachments,
        metadata=dict(body.get("metadata") or {}),
        id=id,
        created_at=created_at,
    )
    if attachments:
        attach(engine, thread, attachments)
    return message


def attach(engine: Engine, thread: Thread, attachments: list[Json]) -> None:
    """Add the files attached to a message to the tools of its thread [DOCS].

    To its code interpreter, and to a vector store of its own.
    """
    resources = dict(thread.tool_resources)
    for attachment in attachments:
        file_id = attachment.get("file_id")
        if file_id is None:
            continue
        if any(tool["type"] == "code_interpreter" for tool in attachment.get("tools") or ()):
            known = (resources.get("code_interpreter") or {}).get("file_ids", [])
            resources["code_interpreter"] = {"file_ids": list(dict.fromkeys([*known, file_id]))}
        if wants_search(attachment):
            _index(engine, resources, file_id)
    thread.tool_resources = resources


def _index(engine: Engine, resources: Json, file_id: str) -> None:
    store_ids = (resources.get("file_search") or {}).get("vector_store_ids", [])
    store = engine.stores.listing.get(store_ids[0]) if store_ids else None
    if store is None:
        store = engine.stores.create(lifetime_days=THREAD_STORE_DAYS)
        resources["file_search"] = {"vector_store_ids": [store.id]}
    if store.files.get(file_id) is None:
        engine.stores.add_file(store, StoreEntry(file_id))


def list_page(call: Call) -> Json:
    """Return the messages of a thread; with `run_id`, those of that run [SPEC]."""
    thread = call.engine.part(AssistantsObjects).thread(call.ids["thread_id"])
    call.polls.asked_list(thread, call.request.url)
    run_id = call.query.get("run_id")
    where = is_message if run_id is None else lambda item: is_message(item) and item.execution_id == run_id
    return page_of(call, thread.items, lambda message: to_rest(render.message(message)), where=where)


def retrieve(call: Call) -> Json:
    return to_rest(render.message(call.engine.part(AssistantsObjects).message(**call.ids)))


def modify(call: Call) -> Json:
    """Change the metadata; all else is fixed.

    The response has `file_ids` and no attachments [REC, 10 of 10].
    """
    message = call.engine.part(AssistantsObjects).message(**call.ids)
    if "metadata" in call.body:
        message.metadata = dict(call.body["metadata"])
    shown = to_rest(render.message(message))
    return {("file_ids" if key == "attachments" else key): ([] if key == "attachments" else shown[key]) for key in shown}


def delete(call: Call) -> Json:
    message = call.engine.part(AssistantsObjects).message(**call.ids)
    call.engine.part(AssistantsObjects).thread(call.ids["thread_id"]).items.delete(message)
    return render.deleted(message.id, "thread.message")
