"""Runs: create, list, retrieve, modify, cancel, submit tool outputs, and create a thread with a run."""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import SAMPLING, normal_settings, thread_tool_resources
from understudy._apis.assistants.endpoints import messages, threads
from understudy._apis.assistants.existence_checks import check_message, check_resources, check_thread
from understudy._apis.assistants.model_rules import check_settings, sampling_for
from understudy._apis.assistants.streaming import stream_response
from understudy._apis.assistants.views import to_rest
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._common.messages import Response
from understudy._engine.api_error import ApiError
from understudy._engine.lifecycle import TERMINAL
from understudy._engine.objects import Assistant, Run, RunSettings, Thread

_TRUNCATION = {"type": "auto", "last_messages": None}


def show(run: Run) -> Json:
    """A run in REST. From now on its present state counts as seen: asked again, a poll moves on."""
    run.shown = run.state
    return to_rest(render.run(run))


def create(call: Call) -> Json | Response:
    """Start a run. `additional_messages` are added to the thread first, and only if the run can start. [SPEC, order INF]"""
    engine, body = call.engine, call.body
    thread = engine.thread(call.ids["thread_id"])
    assistant = engine.assistant(body["assistant_id"])
    if thread.active_run is not None:
        raise ApiError("thread.has_active_run", thread_id=thread.id, run_id=thread.active_run.id)
    for message in body.get("additional_messages") or ():
        check_message(engine, message)
    before, held = thread.tool_resources, threads.files_by_store(engine, thread.tool_resources)
    added = [messages.make(engine, thread, message) for message in body.get("additional_messages") or ()]
    try:
        run = _start(call, thread, assistant)
    except BaseException:
        for message in added:
            thread.messages.remove(message.id)
        threads.take_back_stores(engine, thread, before, held)
        raise
    return _answer(call, run, since=0)


def create_with_thread(call: Call) -> Json | Response:
    """Make a thread and start a run on it; the answer is the run, a stream begins with `thread.created`. [REC]"""
    engine, body = call.engine, call.body
    assistant = engine.assistant(body["assistant_id"])
    given = body.get("thread") or {}
    check_thread(engine, given)
    check_resources(engine, body.get("tool_resources"))
    held = threads.files_by_store(engine, given.get("tool_resources"))
    thread = threads.make(engine, given)
    if body.get("tool_resources"):
        thread.tool_resources = thread_tool_resources(engine, body["tool_resources"])
    try:
        run = _start(call, thread, assistant)
    except BaseException:
        threads.take_back_stores(engine, thread, given.get("tool_resources") or {}, held)
        engine.remove_thread(thread)
        raise
    return _answer(call, run, since=0, created_thread=thread)


def _start(call: Call, thread: Thread, assistant: Assistant) -> Run:
    metadata = dict(call.body.get("metadata") or {})  # the run's own, not the assistant's [REC]
    chosen = settings(assistant, call.body)
    held = {name: getattr(assistant, name) for name in SAMPLING}
    check_settings(call, model=chosen.model, tools=chosen.tools, response_format=chosen.response_format, held=held)
    if any(tool["type"] == "file_search" for tool in chosen.tools):
        for store_id in call.engine.store_ids_of(assistant, thread):
            call.engine.stores.usable(store_id)
    return call.engine.start_run(thread, assistant, chosen, metadata)


def settings(assistant: Assistant, body: Json) -> RunSettings:
    """What the run goes by: the assistant's settings, overridden by what was sent. [REC]

    `additional_instructions` are appended after a blank line; what the service put between is not known. [INF]
    """
    given = normal_settings(body)
    instructions = given.get("instructions", assistant.instructions)
    if given.get("additional_instructions"):
        instructions = "\n\n".join(filter(None, [instructions, given["additional_instructions"]]))

    def chosen(name: str, default: Any) -> Any:
        return given.get(name, default)

    model = chosen("model", assistant.model)
    sampling = sampling_for(model, {name: getattr(assistant, name) for name in SAMPLING})
    return RunSettings(
        model=model,
        instructions=instructions,
        tools=chosen("tools", assistant.tools),
        temperature=chosen("temperature", sampling["temperature"]),
        top_p=chosen("top_p", sampling["top_p"]),
        reasoning_effort=chosen("reasoning_effort", assistant.reasoning_effort),
        max_completion_tokens=chosen("max_completion_tokens", None),
        max_prompt_tokens=chosen("max_prompt_tokens", None),
        truncation_strategy=_TRUNCATION | chosen("truncation_strategy", {}),
        response_format=chosen("response_format", assistant.response_format),
        tool_choice=chosen("tool_choice", "auto"),
        parallel_tool_calls=chosen("parallel_tool_calls", True),
    )


def _answer(call: Call, run: Run, *, since: int, created_thread: Thread | None = None) -> Json | Response:
    if call.body.get("stream"):
        return stream_response(call, run, since=since, created_thread=created_thread)
    return show(run)


def listed(call: Call) -> Json:
    thread = call.engine.thread(call.ids["thread_id"])
    return page_of(call, thread.runs, show)


def retrieve(call: Call) -> Json:
    return show(call.engine.run(**call.ids))


def modify(call: Call) -> Json:
    """Metadata only, and only of a run that is over. [REC]"""
    run = call.engine.run(**call.ids)
    if run.state.status not in TERMINAL:
        raise ApiError("run.cannot_update", status=run.state.status)
    if "metadata" in call.body:
        run.metadata = dict(call.body["metadata"])
    return show(run)


def cancel(call: Call) -> Json:
    run = call.engine.run(**call.ids)
    call.engine.cancel(run)
    return show(run)


def submit_tool_outputs(call: Call) -> Json | Response:
    run = call.engine.run(**call.ids)
    since = len(run.timeline)
    outputs = call.body["tool_outputs"]
    call.engine.submit(run, [(output.get("tool_call_id"), output.get("output")) for output in outputs])
    return _answer(call, run, since=since)
