"""Threads: create, retrieve, modify, delete."""

from __future__ import annotations

from understudy.simulation.objects import Thread
from understudy.simulation.world import World
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.endpoints import messages
from understudy.wire.normal import thread_tool_resources


def create(call: Call) -> Json:
    return render.thread_as_posted(make(call.world, call.body))


def make(world: World, body: Json, *, id: str | None = None, created_at: float | None = None) -> Thread:  # noqa: A002
    """Make a thread, with its first messages, from a checked create body."""
    resources = thread_tool_resources(world, body.get("tool_resources"))
    metadata = dict(body.get("metadata") or {})
    thread = world.add_thread(id=id, created_at=created_at, tool_resources=resources, metadata=metadata)
    for message in body.get("messages", ()):
        messages.make(world, thread, message, created_at=created_at)
    return thread


def retrieve(call: Call) -> Json:
    return render.thread(call.world.thread(call.ids["thread_id"]))


def modify(call: Call) -> Json:
    """Fields not sent stay; metadata is replaced, which fits every recording. [REC, replace INF]"""
    thread = call.world.thread(call.ids["thread_id"])
    if "metadata" in call.body:
        thread.metadata = dict(call.body["metadata"] or {})
    if "tool_resources" in call.body:
        thread.tool_resources = thread_tool_resources(call.world, call.body["tool_resources"])
    return render.thread_as_posted(thread)


def delete(call: Call) -> Json:
    thread = call.world.thread(call.ids["thread_id"])
    call.world.remove_thread(thread)
    return render.deleted(thread.id, "thread")
