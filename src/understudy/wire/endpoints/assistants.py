"""Assistants: create, list, retrieve, modify, delete."""

from __future__ import annotations

from understudy.simulation.objects import Assistant
from understudy.simulation.world import World
from understudy.wire import render
from understudy.wire.call import Call, Json
from understudy.wire.model_rules import check_settings
from understudy.wire.normal import normal_settings, normal_tool_resources
from understudy.wire.paging import page_of
from understudy.wire.references import check_resources


def create(call: Call) -> Json:
    body = call.body
    check_settings(call, model=body["model"], tools=body.get("tools") or [], response_format=body.get("response_format"))
    check_resources(call.world, body.get("tool_resources"))
    return render.assistant(make(call.world, call.body))


def make(world: World, body: Json, *, id: str | None = None, created_at: float | None = None) -> Assistant:  # noqa: A002
    """Make an assistant from a checked create body; the id and the time are the app's, or given when seeding."""
    fields = normal_settings(body)
    fields["tool_resources"] = normal_tool_resources(world, fields.get("tools", []), body.get("tool_resources"))
    return world.add_assistant(id=id, created_at=created_at, **fields)


def listed(call: Call) -> Json:
    return page_of(call, call.world.assistants, render.assistant)


def retrieve(call: Call) -> Json:
    return render.assistant(call.world.assistant(call.ids["assistant_id"]))


def modify(call: Call) -> Json:
    """Fields not sent stay as they are. [REC]"""
    assistant = call.world.assistant(call.ids["assistant_id"])
    fields = normal_settings(call.body)
    check_settings(
        call,
        model=fields.get("model") or assistant.model,
        tools=fields.get("tools", assistant.tools),
        response_format=fields.get("response_format", assistant.response_format),
    )
    check_resources(call.world, call.body.get("tool_resources"))
    for name, value in fields.items():
        setattr(assistant, name, value)
    if "tool_resources" in call.body or "tools" in call.body:
        given = call.body.get("tool_resources", assistant.tool_resources)
        assistant.tool_resources = normal_tool_resources(call.world, assistant.tools, given)
    return render.assistant(assistant)


def delete(call: Call) -> Json:
    assistant = call.world.assistant(call.ids["assistant_id"])
    call.world.assistants.remove(assistant.id)
    return render.deleted(assistant.id, "assistant")
