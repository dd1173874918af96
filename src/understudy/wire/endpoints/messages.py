"""Messages: create, list, retrieve, modify, delete."""

from __future__ import annotations

from understudy.simulation.objects import Message, Thread
from understudy.simulation.world import World
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.normal import normal_content
from understudy.wire.paging import page_of
from understudy.wire.views import to_rest


def create(call: Call) -> Json:
    thread = call.world.thread(call.ids["thread_id"])
    return to_rest(render.message(make(call.world, thread, call.body)))


def make(
    world: World,
    thread: Thread,
    body: Json,
    *,
    id: str | None = None,  # noqa: A002
    created_at: float | None = None,
) -> Message:
    """Add a message from a checked create body. Refused while a run of the thread is active."""
    return world.add_message(
        thread,
        role=body["role"],
        content=normal_content(body["content"]),
        attachments=list(body.get("attachments") or []),
        metadata=dict(body.get("metadata") or {}),
        id=id,
        created_at=created_at,
    )


def listed(call: Call) -> Json:
    """The thread's messages; with `run_id` those that one run wrote. [SPEC]"""
    thread = call.world.thread(call.ids["thread_id"])
    run_id = call.query.get("run_id")
    where = (lambda message: message.run_id == run_id) if run_id is not None else None
    return page_of(call, thread.messages, render.message, where=where)


def retrieve(call: Call) -> Json:
    return to_rest(render.message(call.world.message(**call.ids)))


def modify(call: Call) -> Json:
    """Metadata only. The answer has `file_ids` and no attachments. [REC, 10 of 10]"""
    message = call.world.message(**call.ids)
    if "metadata" in call.body:
        message.metadata = dict(call.body["metadata"] or {})
    shown = to_rest(render.message(message))
    return {("file_ids" if key == "attachments" else key): ([] if key == "attachments" else shown[key]) for key in shown}


def delete(call: Call) -> Json:
    message = call.world.message(**call.ids)
    call.world.thread(call.ids["thread_id"]).messages.remove(message.id)
    return render.deleted(message.id, "thread.message")
