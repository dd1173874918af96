"""JSON of responses, items and tools, keys as of August 2026 [REC, contract 15]."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from understudy._apis.common.json_encoding import Constant
from understudy._apis.responses import model_facts
from understudy._apis.responses.objects import Json, ModelResponse
from understudy._engine.events import tokens
from understudy._engine.fold import ExecutionState
from understudy._engine.items import Conversation, Item, MessageDelta, OutputItemView, Text, joined
from understudy.errors import NotSimulated

INCOMPLETE_WORDS = {"max_completion_tokens": "max_output_tokens", "max_prompt_tokens": "max_output_tokens"}
_TOKEN_KINDS = {"image_tokens": 0, "text_tokens": 0}
_NO_IMAGES = Constant(
    {
        "input_tokens": 0,
        "input_tokens_details": _TOKEN_KINDS,
        "output_tokens": 0,
        "output_tokens_details": _TOKEN_KINDS,
        "total_tokens": 0,
    }
)
_NOTHING_USED = Constant({"image_gen": _NO_IMAGES, "web_search": {"num_requests": 0}})
_PAID = Constant({"payer": "developer"})
_NOTHING_CACHED = Constant({"cache_write_tokens": 0, "cached_tokens": 0})
_KEYS_AT_THE_END = ("user", "metadata")


def status_of(response: ModelResponse, state: ExecutionState) -> str:
    """Return this API's name for the status of an execution.

    `requires_action` does not exist: calls complete a response [REC].
    """
    status = state.phase.status
    if status == "queued":
        return "queued" if response.settings.is_background else "in_progress"
    return {"running": "in_progress", "paused": "completed", "cancelling": "in_progress"}.get(status, status)


def response(response: ModelResponse, state: ExecutionState | None = None, *, in_stream: bool = False) -> Json:
    """Return a response, as it is now or in a given state."""
    state = response.execution.state if state is None else state
    status = status_of(response, state)
    is_live = status in ("queued", "in_progress")
    phase = state.phase
    shown: Json = {
        "id": response.id,
        "object": "response",
        "created_at": int(response.created_at),
        "status": status,
        "background": response.settings.is_background,
    }
    if not in_stream and not is_live and status != "cancelled":
        shown["billing"] = _PAID
    output = [] if is_live or status == "cancelled" else output_of(response, state)
    completed_at = phase.ended_at if phase.ended_at is not None else response.execution.happened.last_at
    own: Json = {
        "completed_at": int(completed_at) if status == "completed" else None,
        "error": {"code": phase.error[0], "message": phase.error[1]} if phase.error else None,
        "incomplete_details": {"reason": INCOMPLETE_WORDS.get(phase.reason, phase.reason)} if phase.reason else None,
        "output": output,
        "previous_response_id": response.previous.id if response.previous is not None else None,
        "tool_usage": tool_usage(output),
        "usage": None if is_live or status == "cancelled" else usage(response, state),
    }
    if response.conversation is not None:
        own["conversation"] = {"id": response.conversation.id}
    if is_live or status == "cancelled":
        own["service_tier"] = response.settings.tier
    everything = {**response.settings.echoed, **own}
    return {**shown, **{key: everything[key] for key in _in_order(tuple(everything))}}


@lru_cache(maxsize=64)  # there are few different sets of keys
def _in_order(keys: tuple[str, ...]) -> tuple[str, ...]:
    return (*sorted(key for key in keys if key not in _KEYS_AT_THE_END), *_KEYS_AT_THE_END)


def tool_usage(output: list[Json]) -> Json:
    """Return which tools of the service were used [REC for the keys]."""
    searches = [item["type"] for item in output].count("web_search_call")
    return {"image_gen": _NO_IMAGES, "web_search": {"num_requests": searches}} if searches else _NOTHING_USED


def usage(response: ModelResponse, state: ExecutionState) -> Json:
    """Estimate the tokens of a text: a quarter of its characters.

    All earlier turns are counted again [DOCS, numbers INF].
    """
    read, written = prompt_tokens(response), written_tokens(state)
    return {
        "input_tokens": read,
        "input_tokens_details": _NOTHING_CACHED,
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought_tokens(state)},
        "total_tokens": read + written,
    }


def prompt_tokens(response: ModelResponse) -> int:
    """Estimate the tokens that the model read."""
    own = sum([item_tokens(item) for item in response.input])
    instructions = response.settings.echoed["instructions"]
    return response.tokens_before + own + (tokens(instructions) if instructions else 0)


def item_tokens(item: Item) -> int:
    """Estimate the tokens of an item."""
    state = item.state
    given = getattr(state, "given", None)
    if given is None:
        return tokens(state.text if state.kind == "message" else state.words)
    return tokens(state.text) if state.kind == "message" else tokens(str(given))


def written_tokens(state: ExecutionState) -> int:
    """Estimate the tokens that the model wrote."""
    written = 0
    for item in state.items:
        if item.kind == "message":
            written += tokens(item.text or item.sent_text)
        else:
            written += tokens(getattr(item, "written", item.words))
    return written


def thought_tokens(state: ExecutionState) -> int:
    """Estimate how many of those are reasoning."""
    return sum([tokens(item.words) for item in state.items if item.kind == "reasoning"])


# -- items ------------------------------------------------------------------------


def output_of(response: ModelResponse, state: ExecutionState) -> list[Json]:
    """Return the output items of a response in a state."""
    return [item(response, one) for one in state.items]


def item(response: ModelResponse | None, state: Any) -> Json:
    """Return an item, from its state.

    `response`: the one that wrote it, None for what the app put there.
    """
    given = getattr(state, "given", None)
    if given is not None:
        return dict(given) if state.kind != "response_item" else {**given, "id": state.id}
    assert response is not None
    known = _ITEMS.get(state.kind)
    return known(response, state) if known is not None else _call_of_own_view(state)


def listed_item(objects: Any, entry: Item) -> Json:
    """Return an entry of the log of a conversation."""
    writer = objects.writers.get(entry.execution_id) if entry.execution_id is not None else None
    return item(writer, entry.state)


def _message(response: ModelResponse, state: Any) -> Json:
    parts = joined(state.sent) if state.status == "in_progress" else state.content
    shown = {
        "id": state.id,
        "type": "message",
        "status": state.status,
        "content": [text_part(response, part) for part in parts if isinstance(part, Text)],
    }
    if model_facts.has_phases(response.settings.echoed["model"]):
        shown["phase"] = phase_of(response, state)
    return {**shown, "role": "assistant"}


def phase_of(response: ModelResponse, state: Any) -> str:
    """Return the phase of a message [REC].

    `commentary` if calls come after it, else `final_answer`.
    """
    items = response.execution.state.items
    position = next((number for number, other in enumerate(items) if other.id == state.id), len(items))
    return "commentary" if position + 1 < len(items) or response.execution.opens_more else "final_answer"


def text_part(response: ModelResponse, part: Text) -> Json:
    """Return a text part: text without citation markers, and annotations [REC]."""
    if not part.annotations:  # the common case
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": part.value}
    shown = shown_annotations(response, part)
    return {"type": "output_text", "annotations": shown, "logprobs": [], "text": plain_text(part)}


def plain_text(part: Text) -> str:
    """Return a text without the markers of its file citations."""
    if not part.annotations:  # the common case
        return part.value
    text, position = "", 0
    for start, end in _cuts(part):
        text += part.value[position:start]
        position = end
    return text + part.value[position:]


def _cuts(part: Text) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in part.annotations if one.kind == "file_citation"]


def shown_annotations(response: ModelResponse, part: Text) -> list[Json]:
    """Return the annotations of a text.

    Their positions are those in the text without markers.
    """
    shown, removed = [], 0
    for one in part.annotations:
        shown.append(annotation(response, one, one.start - removed))
        if one.kind == "file_citation":
            removed += one.end - one.start
    return shown


def annotation(response: ModelResponse, one: Any, at: int) -> Json:
    """Return an annotation at a position [REC]."""
    filename = response.file_name(one.file_id) or ""
    if one.kind == "file_citation":
        return {"type": "file_citation", "file_id": one.file_id, "filename": filename, "index": at}
    return {
        "type": "container_file_citation",
        "container_id": response.container_id,
        "end_index": at + one.end - one.start,
        "file_id": one.file_id,
        "filename": filename,
        "start_index": at,
    }


def _function_call(response: ModelResponse, state: Any) -> Json:  # noqa: ARG001 - as every kind
    return {
        "id": state.id,
        "type": "function_call",
        "status": state.status,
        "arguments": state.arguments,
        "call_id": state.call_id,
        "name": state.name,
    }


def _reasoning(response: ModelResponse, state: Any) -> Json:  # noqa: ARG001 - as every kind
    parts = [{"type": "summary_text", "text": text} for text in state.summary or ()]
    sealed = f"gAAAAAB{state.id.removeprefix('rs_')}"  # since July 2026 even when it is not included [REC]
    return {"id": state.id, "type": "reasoning", "content": [], "encrypted_content": sealed, "summary": parts}


def _file_search(response: ModelResponse, state: Any) -> Json:
    with_results = "file_search_call.results" in response.settings.include and state.status == "completed"
    return {
        "id": state.id,
        "type": "file_search_call",
        "status": state.status,
        "queries": [] if state.status == "in_progress" else [state.query],
        "results": [_hit(hit) for hit in state.results] if with_results else None,
    }


def _hit(hit: Any) -> Json:
    return {
        "attributes": dict(hit.attributes),
        "file_id": hit.file_id,
        "filename": hit.file_name,
        "score": hit.score,
        "text": hit.text,
    }


def _code(response: ModelResponse, state: Any) -> Json:
    with_outputs = "code_interpreter_call.outputs" in response.settings.include
    outputs = state.outputs if state.status == "completed" else ()
    return {
        "id": state.id,
        "type": "code_interpreter_call",
        "status": state.status,
        "code": state.input,
        "container_id": response.container_id,
        "outputs": [_code_output(*output) for output in outputs] if with_outputs else None,
    }


def _code_output(kind: str, value: str) -> Json:
    if kind == "logs":
        return {"type": "logs", "logs": value}
    return {"type": "image", "url": f"https://files.openai.com/{value}"}  # the form of the address: INF


def view_of(state: Any) -> OutputItemView:
    """Return how a kind of call is shown.

    Raises:
        NotSimulated: it does not say.
    """
    view: OutputItemView | None = state.faces.get("responses")
    if view is None:
        raise NotSimulated(
            f"a call of the kind {state.kind!r} has no form in the Responses API: give {type(state).__name__}.faces an "
            "OutputItemView for 'responses', or set the script for runs only"
        )
    return view


def _call_of_own_view(state: Any) -> Json:
    details = view_of(state).details(state)
    return {"id": state.id, "type": f"{state.kind}_call", "status": state.status, **details}


_ITEMS: dict[str, Callable[[ModelResponse, Any], Json]] = {
    "message": _message,
    "function": _function_call,
    "reasoning": _reasoning,
    "file_search": _file_search,
    "code_interpreter": _code,
}


def delta_text(piece: MessageDelta) -> str:
    """Return what a piece adds to the visible text, without citation markers."""
    text = piece.piece
    assert isinstance(text, Text)  # the messages of a response hold no images
    for one in text.annotations:
        if one.kind == "file_citation":
            return text.value.replace(one.text, "", 1)
    return text.value


# -- the rest -----------------------------------------------------------------------


def conversation(held: Conversation) -> Json:
    """Return a conversation."""
    return {
        "id": held.id,
        "object": "conversation",
        "created_at": int(held.created_at),
        "metadata": held.metadata,
    }


def page(data: list[Json], *, has_more: bool) -> Json:
    """Return a list [REC: the order of keys differs from the Assistants API]."""
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "has_more": has_more,
        "last_id": data[-1]["id"] if data else None,
    }
