"""JSON of the objects of the Assistants API, keys as recorded [REC, contract 3].

Every function returns the *stream* view; `views.to_rest` turns it into what REST shows. Values are fresh: the caller may
change them.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.lifecycle import RUN_STATUSES
from understudy._apis.assistants.objects import LIFETIME_SECONDS, Assistant, Run, Thread
from understudy._apis.assistants.views import CODE_INTERPRETER_RESOURCES
from understudy._engine.events import Usage
from understudy._engine.execution import Step
from understudy._engine.fold import ExecutionState, Phase, StepState
from understudy._engine.items import Annotation, CallState, ImageFile, Item, MessageDelta, MessageState, Part, Text

Json = dict[str, Any]


# Reasons that a script may also give by the name that the Responses API has for them.
INCOMPLETE_WORDS = {"max_output_tokens": "max_completion_tokens"}


def _seconds(at: float | None) -> int | None:
    return None if at is None else int(at)


def _error(last_error: tuple[str, str] | None) -> Json | None:
    return None if last_error is None else {"code": last_error[0], "message": last_error[1]}


def usage(used: Usage | None) -> Json | None:
    if used is None:
        return None
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.completion,
        "total_tokens": used.prompt + used.completion,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def assistant(shown: Assistant) -> Json:
    return {
        "id": shown.id,
        "object": "assistant",
        "created_at": int(shown.created_at),
        "name": shown.name,
        "description": shown.description,
        "model": shown.model,
        "instructions": shown.instructions,
        "tools": shown.tools,
        "top_p": shown.top_p,
        "temperature": shown.temperature,
        "reasoning_effort": shown.reasoning_effort,
        "tool_resources": shown.tool_resources,
        "metadata": shown.metadata,
        "response_format": shown.response_format,
    }


def thread(shown: Thread) -> Json:
    """Return a thread as GET and streams show it; see also `thread_as_posted`."""
    return {
        "id": shown.id,
        "object": "thread",
        "created_at": int(shown.created_at),
        "metadata": shown.metadata,
        "tool_resources": shown.tool_resources or CODE_INTERPRETER_RESOURCES,
    }


def thread_as_posted(posted: Thread) -> Json:
    """Return a thread as the response to a POST shows it [REC].

    Without resources, it has `{}` where GET shows an empty code interpreter.
    """
    return thread(posted) | {"tool_resources": posted.tool_resources}


def message(item: Item, state: MessageState | None = None) -> Json:
    """Return a message, as it is now or, with `state`, at an earlier event."""
    state = state or item.state
    assert state is not None
    ended_at = _seconds(state.ended_at)
    return {
        "id": item.id,
        "object": "thread.message",
        "created_at": int(item.created_at),
        "assistant_id": item.author,
        "thread_id": item.conversation_id,
        "run_id": item.execution_id,
        "status": state.status,
        "incomplete_details": None if state.reason is None else {"reason": state.reason},
        "incomplete_at": ended_at if state.status == "incomplete" else None,
        "completed_at": ended_at if state.status == "completed" else None,
        "role": state.role,
        "content": [part(piece) for piece in state.content],
        "attachments": item.attachments,
        "metadata": item.metadata,
    }


def part(piece: Part) -> Json:
    """Return a content part of a message."""
    if isinstance(piece, Text):
        annotations = [annotation(entry) for entry in piece.annotations]
        return {"type": "text", "text": {"value": piece.value, "annotations": annotations}}
    if isinstance(piece, ImageFile):
        detail = {} if piece.detail is None else {"detail": piece.detail}
        return {"type": "image_file", "image_file": {"file_id": piece.file_id, **detail}}
    return {"type": "image_url", "image_url": {"url": piece.url, "detail": piece.detail}}


def annotation(note: Annotation) -> Json:
    return {
        "type": note.kind,
        "text": note.text,
        "start_index": note.start,
        "end_index": note.end,
        note.kind: {"file_id": note.file_id},
    }


def message_delta(message_id: str, delta: MessageDelta) -> Json:
    """Return a piece of a message.

    The first piece of a text always has annotations, later ones only if they add some [REC].
    """
    piece = delta.piece
    if isinstance(piece, Text):
        text: Json = {"value": piece.value}
        if piece.annotations or delta.is_first:
            numbered = enumerate(piece.annotations, delta.annotations_before)
            text["annotations"] = [_annotation_delta(number, entry) for number, entry in numbered]
        content: Json = {"index": delta.index, "type": "text", "text": text}
    else:
        content = {"index": delta.index, **part(piece)}
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": [content]}}


def _annotation_delta(index: int, note: Annotation) -> Json:
    rendered = {"index": index, **annotation(note)}
    if note.kind == "file_citation":
        rendered["file_citation"]["quote"] = ""  # in deltas only [REC]
    return rendered


def run(shown: Run, state: ExecutionState | None = None) -> Json:
    """Return a run, as it is now or, with `state`, at an earlier event."""
    state = state or shown.execution.state
    phase, asked = state.phase, shown.settings
    status, ended_at = phase.status, _seconds(phase.ended_at)
    return {
        "id": shown.id,
        "object": "thread.run",
        "created_at": int(shown.created_at),
        "assistant_id": shown.assistant_id,
        "thread_id": shown.thread_id,
        "status": RUN_STATUSES.get(status, status),
        "started_at": _seconds(phase.started_at),
        "expires_at": _seconds(phase.deadline),
        "cancelled_at": ended_at if status == "cancelled" else None,
        "failed_at": ended_at if status == "failed" else None,
        "completed_at": ended_at if status in _COMPLETED_AT else None,
        "required_action": _required_action(phase, state) if phase.waits_for else None,
        "last_error": _error(phase.error),
        "model": asked.model,
        "instructions": asked.instructions,
        "tools": asked.tools,
        "tool_resources": CODE_INTERPRETER_RESOURCES,
        "metadata": shown.metadata,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "reasoning_effort": asked.reasoning_effort,
        "max_completion_tokens": asked.max_completion_tokens,
        "max_prompt_tokens": asked.max_prompt_tokens,
        "truncation_strategy": asked.truncation_strategy,
        "incomplete_details": None if phase.reason is None else {"reason": INCOMPLETE_WORDS.get(phase.reason, phase.reason)},
        "usage": usage(phase.usage),
        "response_format": asked.response_format,
        "tool_choice": asked.tool_choice,
        "parallel_tool_calls": asked.parallel_tool_calls,
    }


# `incomplete` has completed_at on a run [REC, Apr 2024] and incomplete_at on a message [REC].
_COMPLETED_AT = frozenset({"completed", "incomplete"})


def _required_action(phase: Phase, state: ExecutionState) -> Json:
    waiting = [state.item(item_id) for item_id in phase.waits_for]
    calls = [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in waiting
    ]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def step(run: Run, step: Step, *, with_content: bool = False) -> Json:
    """Return a run step as it is now.

    Args:
        run: its run.
        step: the step.
        with_content: include the text that a file search found, not only its source. [REC: `include[]`]
    """
    return step_at(run, step, step.state, [item.state for item in step.items], with_content=with_content)


def step_at(run: Run, step: Step, state: StepState, calls: list[Any], *, with_content: bool = False) -> Json:
    """Return a run step with its calls, as they were at some event."""
    if state.message_id is not None:
        details: Json = {"type": "message_creation", "message_creation": {"message_id": state.message_id}}
    else:
        shown = [tool_call(call, with_content=with_content) for call in calls]
        details = {"type": "tool_calls", "tool_calls": shown}
    ended_at = _seconds(state.ended_at)
    return {
        "id": step.id,
        "object": "thread.run.step",
        "created_at": int(step.created_at),
        "run_id": run.id,
        "assistant_id": run.assistant_id,
        "thread_id": run.thread_id,
        "type": details["type"],
        "status": state.status,
        "cancelled_at": ended_at if state.status == "cancelled" else None,
        "completed_at": ended_at if state.status == "completed" else None,
        "expires_at": step_expires_at(run),
        "failed_at": ended_at if state.status == "failed" else None,
        "last_error": _error(state.error),
        "step_details": details,
        "usage": usage(state.usage),
    }


def step_expires_at(run: Run) -> int:
    """Return when the steps of a run expire, in unix seconds: with the run."""
    return int(run.created_at + LIFETIME_SECONDS)


def tool_call(call: CallState, *, with_content: bool = False) -> Json:
    """Return a call; its kind defines the details."""
    return {"id": call.call_id, "type": call.kind, call.kind: call.faces["assistants"].details(call, with_content)}


def call_opened(step_id: str, index: int, call: CallState, *, with_content: bool = False) -> Json:
    """Return the first delta of a call, with the whole call so far [REC]."""
    view = call.faces["assistants"]
    details = (view.opened or view.details)(call, with_content)
    return _step_delta(step_id, {"index": index, "id": call.call_id, "type": call.kind, call.kind: details})


def call_delta(step_id: str, index: int, call: CallState, piece: Any) -> Json:
    """Return a later delta of a call, with only the addition [REC]."""
    added = call.faces["assistants"].added(piece)
    return _step_delta(step_id, {"index": index, "type": call.kind, call.kind: added})


def _step_delta(step_id: str, call: Json) -> Json:
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def page(items: list[Json], *, has_more: bool) -> Json:
    """Return a page of a list; the ids are null if it is empty [REC]."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def deleted(object_id: str, kind: str) -> Json:
    return {"id": object_id, "object": f"{kind}.deleted", "deleted": True}
