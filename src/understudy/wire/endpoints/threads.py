"""Threads: create, retrieve, modify, delete."""

from __future__ import annotations

from understudy.simulation.objects import Thread
from understudy.simulation.world import World
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.endpoints import messages
from understudy.wire.normal import thread_tool_resources
from understudy.wire.references import check_resources, check_thread


def create(call: Call) -> Json:
    check_thread(call.world, call.body)
    return render.thread_as_posted(make(call.world, call.body))


def make(world: World, body: Json, *, id: str | None = None, created_at: float | None = None) -> Thread:  # noqa: A002
    """Make a thread, with its first messages, from a checked create body."""
    resources = thread_tool_resources(world, body.get("tool_resources"))
    metadata = dict(body.get("metadata") or {})
    thread = world.add_thread(id=id, created_at=created_at, tool_resources=resources, metadata=metadata)
    for message in body.get("messages", ()):
        messages.make(world, thread, message, created_at=created_at)
    return thread


def take_back_stores(world: World, thread: Thread, before: Json) -> None:
    """Undo what was made for a thread since its tool_resources were `before`: a request that is refused changes nothing."""
    kept = (before.get("file_search") or {}).get("vector_store_ids", [])
    for store_id in (thread.tool_resources.get("file_search") or {}).get("vector_store_ids", ()):
        if store_id not in kept:
            world.stores.remove(world.stores.get(store_id))
    thread.tool_resources = before


def retrieve(call: Call) -> Json:
    return render.thread(call.world.thread(call.ids["thread_id"]))


def modify(call: Call) -> Json:
    """Fields not sent stay; metadata is replaced, which fits every recording. [REC, replace INF]"""
    thread = call.world.thread(call.ids["thread_id"])
    check_resources(call.world, call.body.get("tool_resources"))
    if "metadata" in call.body:
        thread.metadata = dict(call.body["metadata"] or {})
    if "tool_resources" in call.body:
        thread.tool_resources = thread_tool_resources(call.world, call.body["tool_resources"])
    return render.thread_as_posted(thread)


def delete(call: Call) -> Json:
    thread = call.world.thread(call.ids["thread_id"])
    call.world.remove_thread(thread)
    return render.deleted(thread.id, "thread")
