"""Objects of the service as the JSON values it sends, keys in the order recorded. [REC, semantics 3]

Every function gives the *stream* view; `views.to_rest` turns it into what REST shows. Values are fresh: the caller may
change them.
"""

from __future__ import annotations

from understudy._apis.assistants.views import CODE_INTERPRETER_RESOURCES
from understudy._engine.objects import (
    Annotation,
    Assistant,
    CodeInterpreterToolCall,
    FileSearchToolCall,
    FunctionToolCall,
    ImageFile,
    Json,
    Message,
    MessageDelta,
    MessageState,
    Part,
    Run,
    RunState,
    Step,
    StepState,
    Text,
    Thread,
    ToolCall,
    Usage,
)


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
    """A thread as GET and a stream show it; a POST's answer differs, see `thread_as_posted`."""
    return {
        "id": held.id,
        "object": "thread",
        "created_at": int(held.created_at),
        "metadata": held.metadata,
        "tool_resources": held.tool_resources or CODE_INTERPRETER_RESOURCES,
    }


def thread_as_posted(held: Thread) -> Json:
    """POST answers `{}` when no resources were given, where GET shows an empty code interpreter. [REC]"""
    return thread(held) | {"tool_resources": held.tool_resources}


def message(held: Message, state: MessageState | None = None) -> Json:
    state = state or held.state
    return {
        "id": held.id,
        "object": "thread.message",
        "created_at": int(held.created_at),
        "assistant_id": held.assistant_id,
        "thread_id": held.thread_id,
        "run_id": held.run_id,
        "status": state.status,
        "incomplete_details": None if state.incomplete_reason is None else {"reason": state.incomplete_reason},
        "incomplete_at": _seconds(state.incomplete_at),
        "completed_at": _seconds(state.completed_at),
        "role": held.role,
        "content": [part(piece) for piece in state.content],
        "attachments": held.attachments,
        "metadata": held.metadata,
    }


def part(piece: Part) -> Json:
    """A content part of a message."""
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


def message_delta(held: Message, delta: MessageDelta) -> Json:
    """A piece of a message. The first piece of a text has annotations, later ones only what they bring. [REC]"""
    piece = delta.piece
    content = {"index": delta.index, **part(piece)}
    if isinstance(piece, Text):
        text: Json = {"value": piece.value}
        if piece.annotations or delta.is_first:
            numbered = enumerate(piece.annotations, delta.annotations_before)
            text["annotations"] = [_annotation_delta(number, entry) for number, entry in numbered]
        content["text"] = text
    return {"id": held.id, "object": "thread.message.delta", "delta": {"content": [content]}}


def _annotation_delta(index: int, held: Annotation) -> Json:
    rendered = {"index": index, **annotation(held)}
    if held.kind == "file_citation":
        rendered["file_citation"]["quote"] = ""  # in deltas only [REC]
    return rendered


def run(held: Run, state: RunState | None = None) -> Json:
    state, asked = state or held.state, held.settings
    return {
        "id": held.id,
        "object": "thread.run",
        "created_at": int(held.created_at),
        "assistant_id": held.assistant_id,
        "thread_id": held.thread_id,
        "status": state.status,
        "started_at": _seconds(state.started_at),
        "expires_at": _seconds(state.expires_at),
        "cancelled_at": _seconds(state.cancelled_at),
        "failed_at": _seconds(state.failed_at),
        "completed_at": _seconds(state.completed_at),
        "required_action": _required_action(state) if state.calls else None,
        "last_error": _error(state.last_error),
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
        "incomplete_details": None if state.incomplete_reason is None else {"reason": state.incomplete_reason},
        "usage": usage(state.usage),
        "response_format": asked.response_format,
        "tool_choice": asked.tool_choice,
        "parallel_tool_calls": asked.parallel_tool_calls,
    }


def _required_action(state: RunState) -> Json:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in state.calls
    ]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def step(held: Step, state: StepState | None = None, *, with_content: bool = False) -> Json:
    """A run step. `with_content`: the passages a file search found are shown, not only where. [REC: `include[]`]"""
    state = state or held.state
    is_message = held.message_id is not None
    if is_message:
        details: Json = {"type": "message_creation", "message_creation": {"message_id": held.message_id}}
    else:
        calls = [tool_call(call, with_content=with_content) for call in state.calls]
        details = {"type": "tool_calls", "tool_calls": calls}
    return {
        "id": held.id,
        "object": "thread.run.step",
        "created_at": int(held.created_at),
        "run_id": held.run_id,
        "assistant_id": held.assistant_id,
        "thread_id": held.thread_id,
        "type": details["type"],
        "status": state.status,
        "cancelled_at": _seconds(state.cancelled_at),
        "completed_at": _seconds(state.completed_at),
        "expires_at": int(held.expires_at),
        "failed_at": _seconds(state.failed_at),
        "last_error": _error(state.last_error),
        "step_details": details,
        "usage": usage(state.usage),
    }


def tool_call(call: ToolCall, *, with_content: bool = False) -> Json:
    if isinstance(call, FunctionToolCall):
        function = {"name": call.name, "arguments": call.arguments, "output": call.output}
        return {"id": call.id, "type": "function", "function": function}
    if isinstance(call, CodeInterpreterToolCall):
        outputs = [_code_output(kind, value) for kind, value in call.outputs]
        return {
            "id": call.id,
            "type": "code_interpreter",
            "code_interpreter": {"input": call.input, "outputs": outputs},
        }
    return {"id": call.id, "type": "file_search", "file_search": _file_search(call, with_content=with_content)}


def _code_output(kind: str, value: str) -> Json:
    return {"type": "logs", "logs": value} if kind == "logs" else {"type": "image", "image": {"file_id": value}}


def _file_search(call: FileSearchToolCall, *, with_content: bool) -> Json:
    results = []
    for hit in call.results:
        result = {
            "file_id": hit.file_id,
            "file_name": hit.file_name,
            "score": hit.score,
            "attributes": dict(hit.attributes),
        }
        if with_content:
            result["content"] = [{"type": "text", "text": hit.text}]
        results.append(result)
    return {"ranking_options": {"ranker": call.ranker, "score_threshold": call.score_threshold}, "results": results}


def step_delta(held: Step, delta: tuple[int, ToolCall | None, ToolCall], *, with_content: bool = False) -> Json:
    """What a call in progress has become. The first delta of a call names it whole, later ones what they add. [REC]"""
    index, before, after = delta
    if before is None:
        call = {"index": index, **tool_call(after, with_content=with_content)}
    else:
        call = {"index": index, "type": tool_call(after)["type"], **_added(before, after)}
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": held.id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def _added(before: ToolCall, after: ToolCall) -> Json:
    if isinstance(before, FunctionToolCall) and isinstance(after, FunctionToolCall):
        return {"function": {"arguments": after.arguments[len(before.arguments) :]}}
    assert isinstance(before, CodeInterpreterToolCall)
    assert isinstance(after, CodeInterpreterToolCall)
    if len(after.outputs) > len(before.outputs):
        outputs = [{"index": n, **_code_output(*output)} for n, output in enumerate(after.outputs)]
        return {"code_interpreter": {"outputs": outputs}}
    return {"code_interpreter": {"input": after.input[len(before.input) :]}}


def page(items: list[Json], *, has_more: bool) -> Json:
    """A page of a list; ids null when it is empty. [REC]"""
    return {
        "object": "list",
        "data": items,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": has_more,
    }


def deleted(object_id: str, kind: str) -> Json:
    return {"id": object_id, "object": f"{kind}.deleted", "deleted": True}
