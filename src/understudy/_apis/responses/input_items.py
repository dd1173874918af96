"""Items sent by the app: the form they are stored in, and their checks."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from understudy._engine.api_error import ApiError
from understudy._engine.items import Item, ItemState, MessageState, Text

Json = dict[str, Any]

# Which kind of output answers which kind of call. The others are answered by the service itself, or not checked. [REP]
ANSWERED_BY = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
OUTPUTS = {output: call for call, output in ANSWERED_BY.items()}

IMAGE_URLS = "message.input_image.image_url"  # what `include` calls them [SDK]

# The order of an item's keys on the wire. [REC]
_ORDER = {
    "message": ("id", "type", "status", "content", "phase", "role"),
    "function_call": ("id", "type", "status", "arguments", "call_id", "name", "namespace"),
    "function_call_output": ("id", "type", "status", "call_id", "output"),
    "custom_tool_call": ("id", "type", "status", "call_id", "input", "name"),
    "custom_tool_call_output": ("id", "type", "status", "call_id", "output"),
    "reasoning": ("id", "type", "content", "encrypted_content", "summary"),
    "file_search_call": ("id", "type", "status", "queries", "results"),
    "code_interpreter_call": ("id", "type", "status", "code", "container_id", "outputs"),
    "mcp_call": ("id", "type", "status", "approval_request_id", "arguments", "error", "name", "output", "server_label"),
}
_PLAIN_MESSAGE = {"type", "role", "content"}
# Keys that are null where the app did not give them, as in what the model writes. [REC there, INF here]
_NULLS = {
    "file_search_call": ("results",),
    "code_interpreter_call": ("outputs",),
    "mcp_call": ("approval_request_id", "error", "output"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMessage(MessageState):
    """A message sent by the app, as the API shows it."""

    given: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenItem(ItemState):
    """Another item sent by the app, as the API shows it."""

    kind: ClassVar[str] = "given"
    given: Json


def kept(given: Json, item_id: str, at: float, conversation_id: str) -> Item:
    """Return an item as an entry of a log.

    `given`: as in the body, checked.
    """
    shown = _shown(given, item_id)
    common: dict[str, Any] = {"id": item_id, "status": "completed", "ended_at": at, "given": shown}
    state: ItemState
    if shown["type"] == "message":
        state = GivenMessage(role=given["role"], content=(Text(text_of(given["content"])),), **common)
    else:
        state = GivenItem(**common)
    return Item(id=item_id, created_at=at, conversation_id=conversation_id, state=state)


def _shown(given: Json, item_id: str) -> Json:
    """Return an item in the form of lists: with id, status and content parts [REC]."""
    kind = given["type"]
    if given.keys() == _PLAIN_MESSAGE:  # the common case
        role = given["role"]
        content = _parts(role, given["content"])
        return {"id": item_id, "type": kind, "status": "completed", "content": content, "role": role}
    shown = {**dict.fromkeys(_NULLS.get(kind, ())), **given, "id": item_id, "type": kind}
    if kind == "message":
        shown["content"] = _parts(given["role"], given["content"])
    if kind in ANSWERED_BY or kind in OUTPUTS or kind == "message":
        shown["status"] = "completed"
    order = _ORDER.get(kind, ("id", "type", "status"))
    known = {key: shown[key] for key in order if key in shown}
    return {**known, **{key: value for key, value in shown.items() if key not in known}}


def _parts(role: str, content: Any) -> list[Json]:
    if isinstance(content, str) and role != "assistant":
        return [{"type": "input_text", "text": content}]
    if isinstance(content, str):
        content = [{"type": "output_text", "text": content}]
    return [_part(part) for part in content]


def _part(part: Json) -> Json:
    if part["type"] == "output_text":
        logprobs = part.get("logprobs") or []
        return {
            "type": "output_text",
            "annotations": part.get("annotations") or [],
            "logprobs": logprobs,
            "text": part["text"],
        }
    if part["type"] == "input_image":
        image = {"type": "input_image", "detail": part.get("detail") or "auto", "file_id": part.get("file_id")}
        return {**image, "image_url": part.get("image_url")}
    return part


def includes(query: Json) -> list[str]:
    """Return the values of `include` in a query, in either of its two forms."""
    listed, single = query.get("include[]") or [], query.get("include")
    return [*listed, *([single] if isinstance(single, str) else [])]


def as_listed(item: Json, *, with_images: bool) -> Json:
    """Return an item as lists show it [REC].

    Without the content of files, and without the URLs of images unless they are included.
    """
    content = item.get("content")
    if item["type"] != "message" or not isinstance(content, list):
        return item
    return {**item, "content": [_listed_part(part, with_images=with_images) for part in content]}


def _listed_part(part: Json, *, with_images: bool) -> Json:
    if part["type"] == "input_image" and not with_images:
        return {**part, "image_url": None}
    if part["type"] == "input_file":
        rest = {key: value for key, value in part.items() if key not in ("type", "file_id", "file_data")}
        return {"type": "input_file", "file_id": part.get("file_id"), **rest}
    return part


def text_of(content: Any) -> str:
    """Return the texts of a message's content, or of an output, joined.

    An output without any text becomes its JSON.
    """
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return json.dumps(content, ensure_ascii=False)
    texts = [part["text"] for part in content if isinstance(part.get("text"), str)]
    return "".join(texts) if texts or not content else json.dumps(content, ensure_ascii=False)


def as_items(given: Any) -> list[Json]:
    """Return an input as items: a string is one user message [REC]."""
    if given is None:
        return []
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    return list(given)


def file_ids(given: Any, tools: Sequence[Json] | None) -> Iterator[str]:
    """Yield the ids of the files that an input and the tools of a request refer to."""
    for item in given if isinstance(given, list) else ():
        for content in (item.get("content"), item.get("output")):
            for part in content if isinstance(content, list) else (content,):
                if isinstance(part, dict) and isinstance(part.get("file_id"), str):
                    yield part["file_id"]
    for tool in tools or ():
        container, mask = tool.get("container"), tool.get("input_image_mask")
        yield from (container.get("file_ids") or ()) if isinstance(container, dict) else ()
        if mask and mask.get("file_id"):
            yield mask["file_id"]


def check_each_once(items: Sequence[Json]) -> None:
    """Refuse an item that is sent twice [REP]."""
    seen: set[str] = set()
    for item in items:
        item_id = item.get("id")
        if item_id is None:
            continue
        if item_id in seen:
            raise ApiError("item.twice", id=item_id)
        seen.add(item_id)


def check_reasoning(items: Sequence[Json]) -> None:
    """Refuse a reasoning item without a following item of the model [REC]."""
    for position, item in enumerate(items):
        if item["type"] != "reasoning" or item.get("id") is None:
            continue
        following = next((other for other in items[position + 1 :] if other["type"] != "reasoning"), None)
        if following is None or not is_of_model(following):
            raise ApiError("reasoning.alone", id=item["id"])


def is_of_model(item: Json) -> bool:
    """Return whether an item is of a type that the model writes."""
    if item["type"] == "message":
        return bool(item["role"] == "assistant")
    return item["type"].endswith(("_call", "_request", "_list_tools")) or item["type"] in ("reasoning", "program")


def check_calls(items: Iterable[Json], open_before: Sequence[Json]) -> None:
    """Refuse calls without an output, and outputs without a call [REP].

    `open_before`: the calls that the chain, or the conversation, still waits for.
    """
    waiting = {call["call_id"]: call for call in open_before}
    known = set(waiting)
    for item in items:
        if item["type"] in ANSWERED_BY:
            waiting[item["call_id"]] = item
            known.add(item["call_id"])
        elif item["type"] in OUTPUTS:
            if item["call_id"] not in known:
                raise ApiError("output.uncalled", id=item["call_id"])
            waiting.pop(item["call_id"], None)
    for call_id in waiting:
        raise ApiError("call.unanswered", id=call_id)


def trailing_outputs(items: Sequence[Json]) -> list[Json]:
    """Return the outputs after the last item of the model: those submitted now."""
    outputs: list[Json] = []
    for item in reversed(items):
        if item["type"] in OUTPUTS or item["type"].endswith("_output") or item["type"] == "mcp_approval_response":
            outputs.append(item)
        elif is_of_model(item):
            break
    return outputs[::-1]


def submitted_outputs(items: Sequence[Json], answered: Container[str]) -> list[Json]:
    """Return the outputs for which a request continues a script.

    Those after the last item of the model, unless a user's message follows them in a history that is sent again: after a
    response that failed, the turn of these outputs is over.

    Args:
        items: the input, each item with its type.
        answered: the ids of the calls whose outputs an earlier request brought.
    """
    outputs = trailing_outputs(items)
    if not outputs:
        return []
    calls = {item.get("call_id") for item in items if item["type"] in ANSWERED_BY}
    is_past = all(item.get("call_id") in calls and item["call_id"] in answered for item in outputs)
    return [] if is_past and items and items[-1]["type"] == "message" else outputs
