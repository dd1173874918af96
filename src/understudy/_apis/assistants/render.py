"""Objects of the service as the JSON values it sends, keys in the order recorded [REC, contract 3].

Every function gives the *stream* view; `views.to_rest` turns it into what REST shows. Values are fresh: the caller may
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


# What a run calls a reason that a script gives by the name it has for responses.
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


def assistant(held: Assistant) -> Json:
    return {
        "id": held.id,
        "object": "assistant",
        "created_at": int(held.created_at),
        "name": held.name,
        "description": held.description,
        "model": held.model,
        "instructions": held.instructions,
        "tools": held.tools,
        "top_p": held.top_p,
        "temperature": held.temperature,
        "reasoning_effort": held.reasoning_effort,
        "tool_resources": held.tool_resources,
        "metadata": held.metadata,
        "response_format": held.response_format,
    }


def thread(held: Thread) -> Json:
    """Return a thread as GET and a stream show it; a POST's answer differs, see `thread_as_posted`."""
    return {
        "id": held.id,
        "object": "thread",
        "created_at": int(held.created_at),
        "metadata": held.metadata,
        "tool_resources": held.tool_resources or CODE_INTERPRETER_RESOURCES,
    }


def thread_as_posted(held: Thread) -> Json:
    """POST answers `{}` when no resources were given, where GET shows an empty code interpreter [REC]."""
    return thread(held) | {"tool_resources": held.tool_resources}


def message(held: Item, state: MessageState | None = None) -> Json:
    """Return a message; `state` as it was at an earlier event."""
    state = state or held.state
    assert state is not None
    ended_at = _seconds(state.ended_at)
    return {
        "id": held.id,
        "object": "thread.message",
        "created_at": int(held.created_at),
        "assistant_id": held.author,
        "thread_id": held.conversation_id,
        "run_id": held.execution_id,
        "status": state.status,
        "incomplete_details": None if state.reason is None else {"reason": state.reason},
        "incomplete_at": ended_at if state.status == "incomplete" else None,
        "completed_at": ended_at if state.status == "completed" else None,
        "role": state.role,
        "content": [part(piece) for piece in state.content],
        "attachments": held.attachments,
        "metadata": held.metadata,
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


def annotation(held: Annotation) -> Json:
    return {
        "type": held.kind,
        "text": held.text,
        "start_index": held.start,
        "end_index": held.end,
        held.kind: {"file_id": held.file_id},
    }


def message_delta(message_id: str, delta: MessageDelta) -> Json:
    """Return a piece of a message.

    The first piece of a text has annotations, later ones only what they bring [REC].
    """
    piece = delta.piece
    content = {"index": delta.index, **part(piece)}
    if isinstance(piece, Text):
        text: Json = {"value": piece.value}
        if piece.annotations or delta.is_first:
            numbered = enumerate(piece.annotations, delta.annotations_before)
            text["annotations"] = [_annotation_delta(number, entry) for number, entry in numbered]
        content["text"] = text
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": [content]}}


def _annotation_delta(index: int, held: Annotation) -> Json:
    rendered = {"index": index, **annotation(held)}
    if held.kind == "file_citation":
        rendered["file_citation"]["quote"] = ""  # in deltas only [REC]
    return rendered


def run(held: Run, state: ExecutionState | None = None) -> Json:
    """Return a run; `state` as it was at an earlier event."""
    state = state or held.execution.state
    phase, asked = state.phase, held.settings
    status, ended_at = phase.status, _seconds(phase.ended_at)
    return {
        "id": held.id,
        "object": "thread.run",
        "created_at": int(held.created_at),
        "assistant_id": held.assistant_id,
        "thread_id": held.thread_id,
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
        "metadata": held.metadata,
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


def step(held: Run, begun: Step, *, with_content: bool = False) -> Json:
    """Render a run step as it is now.

    Args:
        with_content: show the passages that a file search found, not only where. [REC: `include[]`]
    """
    return step_at(held, begun, begun.state, [item.state for item in begun.items], with_content=with_content)


def step_at(held: Run, begun: Step, state: StepState, calls: list[Any], *, with_content: bool = False) -> Json:
    """Return a run step as it was at some event, with its calls."""
    if state.message_id is not None:
        details: Json = {"type": "message_creation", "message_creation": {"message_id": state.message_id}}
    else:
        shown = [tool_call(call, with_content=with_content) for call in calls]
        details = {"type": "tool_calls", "tool_calls": shown}
    ended_at = _seconds(state.ended_at)
    return {
        "id": begun.id,
        "object": "thread.run.step",
        "created_at": int(begun.created_at),
        "run_id": held.id,
        "assistant_id": held.assistant_id,
        "thread_id": held.thread_id,
        "type": details["type"],
        "status": state.status,
        "cancelled_at": ended_at if state.status == "cancelled" else None,
        "completed_at": ended_at if state.status == "completed" else None,
        "expires_at": step_expires_at(held),
        "failed_at": ended_at if state.status == "failed" else None,
        "last_error": _error(state.error),
        "step_details": details,
        "usage": usage(state.usage),
    }


def step_expires_at(held: Run) -> int:
    """Say when the steps of a run expire: with the run."""
    return int(held.created_at + LIFETIME_SECONDS)


def tool_call(call: CallState, *, with_content: bool = False) -> Json:
    """Return a call; how its kind is shown is said where the kind is."""
    return {"id": call.call_id, "type": call.kind, call.kind: call.faces["assistants"].details(call, with_content)}


def call_opened(step_id: str, index: int, call: CallState, *, with_content: bool = False) -> Json:
    """Return the first delta of a call, which names it whole [REC]."""
    view = call.faces["assistants"]
    details = (view.opened or view.details)(call, with_content)
    return _step_delta(step_id, {"index": index, "id": call.call_id, "type": call.kind, call.kind: details})


def call_delta(step_id: str, index: int, call: CallState, piece: Any) -> Json:
    """Return a later delta of a call: what it adds [REC]."""
    added = call.faces["assistants"].added(piece)
    return _step_delta(step_id, {"index": index, "type": call.kind, call.kind: added})


def _step_delta(step_id: str, call: Json) -> Json:
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def page(items: list[Json], *, has_more: bool) -> Json:
    """Return a page of a list; ids null when it is empty [REC]."""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def deleted(object_id: str, kind: str) -> Json:
    return {"id": object_id, "object": f"{kind}.deleted", "deleted": True}
