"""Runs: create, list, retrieve, modify, cancel, submit tool outputs.

Also: create a thread with a run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import thread_tool_resources
from understudy._apis.assistants.endpoints import messages, threads
from understudy._apis.assistants.existence_checks import check_message, check_resources, check_thread
from understudy._apis.assistants.lifecycle import run_status
from understudy._apis.assistants.objects import (
    LIFETIME_SECONDS,
    Assistant,
    AssistantsObjects,
    Run,
    RunSettings,
    Thread,
)
from understudy._apis.assistants.settings import SAMPLING, check_settings, run_settings, tools_of
from understudy._apis.assistants.streaming import stream_response
from understudy._apis.assistants.views import to_rest
from understudy._apis.common.json_encoding import Constant
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._common.messages import Request, Response
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.execution import ExecutionRequest
from understudy._engine.script import ScriptedRun
from understudy._engine.script_queue import ScriptLabels

_OF_THE_RUN_ALONE = ("additional_instructions", "tools")  # fields of a run do not show that the request set these
_VIEWS_KEPT = 64
_NOT_SHOWN: tuple[Any, Any, Json] = (None, None, {})
_MAX_INTERVAL_DIGITS = 12  # of milliseconds: 30 years


def show(call: Call, run: Run) -> Json:
    """Return the REST view of a run.

    Its present state counts as seen: the next poll advances it. Its view is made, and encoded, once for each phase and
    metadata: all else is fixed, and apps that wait for a run ask for it again and again.
    """
    phase, metadata = run.execution.state.phase, run.metadata
    call.shown[run.id] = phase
    views = call.engine.part(AssistantsObjects).shown_runs
    of_phase, of_metadata, view = views.get(run.id, _NOT_SHOWN)
    if of_phase is not phase or of_metadata is not metadata:
        if len(views) >= _VIEWS_KEPT:
            views.clear()
        view = Constant(to_rest(render.run(run)))
        views[run.id] = phase, metadata, view
    return view


def create(call: Call) -> Json | Response:
    """Start a run.

    `additional_messages` are added to the thread first, and only if the run can start [SPEC; the order is INF].
    """
    engine, body, objects = call.engine, call.body, call.engine.part(AssistantsObjects)
    thread = objects.thread(call.ids["thread_id"])
    assistant = objects.assistant(body["assistant_id"])
    if thread.active is not None:
        raise ApiError("thread.has_active_run", thread_id=thread.id, run_id=thread.active.id)
    additional = body.get("additional_messages")
    if not additional:
        return _answer(call, _start(call, thread, assistant), since=0)
    for message in additional:
        check_message(engine, message)
    resources_before, files_before = thread.tool_resources, threads.files_by_store(engine, thread.tool_resources)
    added = [messages.make(engine, thread, message) for message in additional]
    try:
        run = _start(call, thread, assistant)
    except BaseException:
        for made in added:
            thread.items.remove(made.id)
        threads.restore_stores(engine, thread, resources_before, files_before)
        raise
    return _answer(call, run, since=0)


def create_with_thread(call: Call) -> Json | Response:
    """Create a thread and start a run on it.

    The response is the run; a stream begins with `thread.created` [REC].
    """
    engine, body, objects = call.engine, call.body, call.engine.part(AssistantsObjects)
    assistant = objects.assistant(body["assistant_id"])
    given = body.get("thread") or {}
    check_thread(engine, given)
    check_resources(engine, body.get("tool_resources"))
    files_before = threads.files_by_store(engine, given.get("tool_resources"))
    thread = threads.make(engine, given)
    if body.get("tool_resources"):
        thread.tool_resources = thread_tool_resources(engine, body["tool_resources"])
    try:
        run = _start(call, thread, assistant)
    except BaseException:
        threads.restore_stores(engine, thread, given.get("tool_resources") or {}, files_before)
        objects.remove_thread(thread)
        raise
    return _answer(call, run, since=0, created_thread=thread)


def _start(call: Call, thread: Thread, assistant: Assistant) -> Run:
    """Start a run on a thread without an active one.

    Raises:
        ApiError: settings that exclude each other, unusable stores, or nothing to run on.
    """
    engine = call.engine
    metadata = dict(call.body.get("metadata") or {})  # the run's own, not the assistant's [REC]
    chosen = run_settings(assistant, call.body)
    stored = {name: getattr(assistant, name) for name in SAMPLING}
    check_settings(call, model=chosen.model, tools=chosen.tools, response_format=chosen.response_format, stored=stored)
    request = _request(engine, thread, assistant, chosen, metadata)
    execution = engine.perform(request)
    run = Run(
        id=request.id,
        created_at=execution.created_at,
        thread_id=thread.id,
        assistant_id=assistant.id,
        settings=chosen,
        execution=execution,
        metadata=metadata,
        sent={name: call.body[name] for name in _OF_THE_RUN_ALONE if call.body.get(name)},
    )
    thread.runs.add(run)
    engine.history.append(run)
    return run


def _request(
    engine: Engine, thread: Thread, assistant: Assistant, chosen: RunSettings, metadata: dict[str, str]
) -> ExecutionRequest:
    """Return the request for the engine."""
    searched = _usable_store_ids(engine, thread, assistant, chosen)
    last_user_text, now = thread.last_user_text(), engine.clock.now()
    if not last_user_text and not chosen.instructions and not any(one.role == "user" for one in thread.messages()):
        raise ApiError("run.nothing_to_run_on")
    run_id = engine.new_id("run", thread.id)
    return ExecutionRequest(
        id=run_id,
        conversation=thread,
        labels=ScriptLabels("run", assistant.id, thread.id),
        scripted_run=lambda: ScriptedRun(
            id=run_id,
            thread_id=thread.id,
            assistant_id=assistant.id,
            model=chosen.model,
            instructions=chosen.instructions,
            tools=chosen.tools,
            metadata=metadata,
            messages=thread.messages(),
            last_user_text=last_user_text,
            outputs={},
            now=now,
        ),
        tools=tools_of(chosen.tools, searched),
        instructions=chosen.instructions,
        last_user_text=last_user_text,
        author=assistant.id,
        lifetime_seconds=LIFETIME_SECONDS,
    )


def _usable_store_ids(engine: Engine, thread: Thread, assistant: Assistant, chosen: RunSettings) -> list[str]:
    """Return the ids of the stores that the run searches, the assistant's first.

    Without deleted ones.

    Raises:
        ApiError: one of them cannot be searched.
    """
    named = [*_store_ids_in(assistant.tool_resources), *_store_ids_in(thread.tool_resources)]
    searched = [store_id for store_id in dict.fromkeys(named) if engine.stores.listing.get(store_id) is not None]
    if searched and any(tool["type"] == "file_search" for tool in chosen.tools):
        for store_id in searched:
            engine.stores.usable(store_id)
    return searched


def _store_ids_in(tool_resources: Json) -> list[str]:
    return list((tool_resources.get("file_search") or {}).get("vector_store_ids", ()))


def _answer(call: Call, run: Run, *, since: int, created_thread: Thread | None = None) -> Json | Response:
    if call.body.get("stream"):
        return stream_response(call, run, since=since, created_thread=created_thread)
    return show(call, run)


def _run(call: Call) -> Run:
    return call.engine.part(AssistantsObjects).run(**call.ids)


def list_page(call: Call) -> Json:
    thread = call.engine.part(AssistantsObjects).thread(call.ids["thread_id"])
    call.polls.asked_list(thread, call.request.url)
    return page_of(call, thread.runs, lambda run: show(call, run))


def retrieve(call: Call) -> Json:
    run = _run(call)
    call.polls.asked_execution(run.execution, _poll_interval(call.request))
    return show(call, run)


def _poll_interval(request: Request) -> float | None:
    """Return the poll interval that the app chose in the SDK, in seconds.

    None if it chose none; if it did, the SDK really sleeps.
    """
    text = request.header("x-stainless-custom-poll-interval")
    return int(text) / 1000 if text and text.isdecimal() and len(text) <= _MAX_INTERVAL_DIGITS else None


def modify(call: Call) -> Json:
    """Change the metadata of a run that has ended [REC].

    All else is fixed.
    """
    run = _run(call)
    if not run.is_over:
        raise ApiError("run.cannot_update", status=run_status(run.execution.status))
    if "metadata" in call.body:
        run.metadata = dict(call.body["metadata"])
    return show(call, run)


def cancel(call: Call) -> Json:
    run = _run(call)
    status = run.execution.status
    if run.is_over or status == "cancelling":
        raise ApiError("run.cannot_cancel", status=run_status(status))
    run.execution.cancel(call.engine.clock.now())
    return show(call, run)


def submit_tool_outputs(call: Call) -> Json | Response:
    """Submit the outputs of a run's calls: of all of them, and no others [REP]."""
    run = _run(call)
    execution = run.execution
    since = len(execution.events)
    if execution.status != "paused":
        raise ApiError("run.takes_no_outputs", status=run_status(execution.status))
    submitted = [(output.get("tool_call_id"), output.get("output")) for output in call.body["tool_outputs"]]
    expected = list(execution.state.phase.waits_for)
    got = [call_id for call_id, _ in submitted]
    if Counter(expected) != Counter(got):
        raise ApiError("run.other_outputs_expected", expected=expected, got=got)
    execution.resume({call_id: output for call_id, output in submitted if call_id is not None}, call.engine.clock.now())
    return _answer(call, run, since=since)
