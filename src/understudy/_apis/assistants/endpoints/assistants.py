"""Assistants: create, list, retrieve, modify, delete."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import kept_resources, normal_tool_resources
from understudy._apis.assistants.existence_checks import check_resources
from understudy._apis.assistants.objects import Assistant, AssistantsObjects
from understudy._apis.assistants.settings import SAMPLING, check_settings, normal_settings, sampling_for
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.engine import Engine


def create(call: Call) -> Json:
    body = call.body
    check_settings(call, model=body["model"], tools=body.get("tools", []), response_format=body.get("response_format"))
    check_resources(call.engine, body.get("tool_resources"))
    return render.assistant(make(call.engine, call.body))


def make(engine: Engine, body: Json, *, id: str | None = None, created_at: float | None = None) -> Assistant:  # noqa: A002
    """Create an assistant from a checked request body.

    The id and the time are generated, unless given when preloading.
    """
    fields: Json = {**sampling_for(body["model"], {}), **normal_settings(body)}
    fields["tool_resources"] = normal_tool_resources(engine, fields.get("tools", []), body.get("tool_resources"))
    return engine.part(AssistantsObjects).add_assistant(id=id, created_at=created_at, **fields)


def list_page(call: Call) -> Json:
    return page_of(call, call.engine.part(AssistantsObjects).assistants, render.assistant)


def retrieve(call: Call) -> Json:
    return render.assistant(call.engine.part(AssistantsObjects).assistant(call.ids["assistant_id"]))


def modify(call: Call) -> Json:
    """Change the fields that were sent; the others stay as they are [REC]."""
    assistant = call.engine.part(AssistantsObjects).assistant(call.ids["assistant_id"])
    fields = normal_settings(call.body)
    stored = {name: getattr(assistant, name) for name in SAMPLING}
    model = fields.get("model", assistant.model)
    check_settings(
        call,
        model=model,
        tools=fields.get("tools", assistant.tools),
        response_format=fields.get("response_format", assistant.response_format),
        stored=stored,
    )
    check_resources(call.engine, call.body.get("tool_resources"))
    for name, value in (sampling_for(model, stored) | fields).items():
        setattr(assistant, name, value)
    if "tool_resources" in call.body or "tools" in call.body:
        given = call.body.get("tool_resources", kept_resources(assistant.tool_resources))
        assistant.tool_resources = normal_tool_resources(call.engine, assistant.tools, given)
    return render.assistant(assistant)


def delete(call: Call) -> Json:
    objects = call.engine.part(AssistantsObjects)
    assistant = objects.assistant(call.ids["assistant_id"])
    objects.assistants.remove(assistant.id)
    return render.deleted(assistant.id, "assistant")
