"""Threads: create, retrieve, modify, delete."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import thread_tool_resources
from understudy._apis.assistants.endpoints import messages
from understudy._apis.assistants.existence_checks import check_resources, check_thread
from understudy._apis.assistants.objects import AssistantsObjects, Thread
from understudy._apis.common.operation_call import Call, Json
from understudy._engine.engine import Engine
from understudy._engine.file_objects import VectorStore


def create(call: Call) -> Json:
    check_thread(call.engine, call.body)
    return render.thread_as_posted(make(call.engine, call.body))


def make(engine: Engine, body: Json, *, id: str | None = None, created_at: float | None = None) -> Thread:  # noqa: A002
    """Create a thread, with its first messages, from a checked request body."""
    resources = thread_tool_resources(engine, body.get("tool_resources"))
    metadata = dict(body.get("metadata") or {})
    thread = engine.part(AssistantsObjects).add_thread(
        id=id, created_at=created_at, tool_resources=resources, metadata=metadata
    )
    for message in body.get("messages", ()):
        messages.make(engine, thread, message, created_at=created_at)
    return thread


def files_by_store(engine: Engine, resources: Json | None) -> dict[str, frozenset[str]]:
    """Return the ids of the files in each vector store of tool_resources."""
    return {store.id: frozenset(file.id for file in store.files) for store in _stores(engine, resources)}


def restore_stores(engine: Engine, thread: Thread, resources_before: Json, files_before: dict[str, frozenset[str]]) -> None:
    """Restore the tool_resources of a thread and the contents of its stores.

    A request that is refused changes nothing.

    Args:
        engine: the engine of the service.
        thread: the thread.
        resources_before: its tool_resources before the request.
        files_before: the files of its stores then, as returned by `files_by_store`.
    """
    for store in _stores(engine, thread.tool_resources):
        if store.id not in files_before:
            engine.stores.remove(store)
            continue
        for file in [file for file in store.files if file.id not in files_before[store.id]]:
            engine.stores.remove_file(store, file)
    thread.tool_resources = resources_before


def _stores(engine: Engine, resources: Json | None) -> list[VectorStore]:
    ids = ((resources or {}).get("file_search") or {}).get("vector_store_ids", ())
    return [store for store in map(engine.stores.listing.get, ids) if store is not None]


def retrieve(call: Call) -> Json:
    return render.thread(call.engine.part(AssistantsObjects).thread(call.ids["thread_id"]))


def modify(call: Call) -> Json:
    """Change the fields that were sent; the others stay as they are.

    Metadata is replaced, which fits every recording [REC; replacing is INF].
    """
    thread = call.engine.part(AssistantsObjects).thread(call.ids["thread_id"])
    check_resources(call.engine, call.body.get("tool_resources"))
    if "metadata" in call.body:
        thread.metadata = dict(call.body["metadata"])
    if "tool_resources" in call.body:
        thread.tool_resources = thread_tool_resources(call.engine, call.body["tool_resources"])
    return render.thread_as_posted(thread)


def delete(call: Call) -> Json:
    objects = call.engine.part(AssistantsObjects)
    thread = objects.thread(call.ids["thread_id"])
    objects.remove_thread(thread)
    return render.deleted(thread.id, "thread")
