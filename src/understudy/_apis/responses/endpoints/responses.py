"""Responses: retrieve, delete, cancel, list input, count tokens, compact."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from understudy._apis.common.operation_call import Call
from understudy._apis.dialect import is_azure
from understudy._apis.responses import ids, render
from understudy._apis.responses.endpoints.create import Context, resolved, show
from understudy._apis.responses.input_items import IMAGE_URLS, as_listed, includes, kept
from understudy._apis.responses.objects import Json, ModelResponse, ResponsesObjects
from understudy._apis.responses.settings import check_model
from understudy._apis.responses.streaming import stream_response
from understudy._common.messages import Response
from understudy._engine.api_error import ApiError
from understudy._engine.events import tokens

INPUT_ITEMS_LIMIT = 20


def _response(call: Call) -> ModelResponse:
    return call.engine.part(ResponsesObjects).response(call.ids["response_id"])


def retrieve(call: Call) -> Json | Response:
    """Return a response, or its events after a given number [REC]."""
    response = _response(call)
    is_streamed = call.query.get("stream") == "true"
    if "starting_after" in call.query and not is_streamed:
        raise ApiError("stream.cursor")
    if is_streamed:
        return stream_response(call, response, after=int(call.query.get("starting_after", "-1")))
    if not response.is_over:
        call.polls.asked_execution(response.execution, None)
    return show(call, response)


def delete(call: Call) -> Json:
    """Delete a response.

    One that runs ends without a word; what others took from it stays theirs [REC; the rest INF].
    """
    response = _response(call)
    call.engine.part(ResponsesObjects).drop(response)
    return {"id": response.id, "object": "response.deleted", "deleted": True}


def cancel(call: Call) -> Json:
    """Cancel a background response, at once [REC].

    It may be repeated [DOCS, contract 17]; a response that has ended stays as it is [INF].
    """
    response = _response(call)
    if not response.settings.is_background:
        raise ApiError("cancel.synchronous")
    if not response.is_over:
        response.execution.cancel(call.engine.clock.now(), 0)
    return show(call, response)


def input_items(call: Call) -> Json:
    """List the input of a response: of the whole chain, newest first [REC]."""
    response, query = _response(call), call.query
    entries = _newest_first(response)
    if query.get("order", "desc") == "asc":
        entries = reversed(list(entries))
    if "after" in query:
        entries = _behind(entries, query["after"])
    limit = query.get("limit", INPUT_ITEMS_LIMIT)
    found = list(islice(entries, limit + 1))
    with_images = IMAGE_URLS in includes(call.query)
    shown = [as_listed(item, with_images=with_images) for item in found[:limit]]
    return render.page(shown, has_more=len(found) > limit)


def _newest_first(response: ModelResponse) -> Iterator[Json]:
    """Yield the items of the chain backwards, lazily."""
    if response.conversation is not None:  # [UNK; INF: what this request brought]
        yield from (render.item(None, entry.state) for entry in reversed(response.input))
        return
    turn: ModelResponse | None = response
    while turn is not None:
        yield from (render.item(None, entry.state) for entry in reversed(turn.input))
        turn = turn.previous
        if turn is not None:
            yield from (render.item(turn, state) for state in reversed(turn.execution.state.items))


def _behind(entries: Iterator[Json], cursor: str) -> Iterator[Json]:
    for entry in entries:
        if entry["id"] == cursor:
            return entries
    raise ApiError("cursor.unknown", path="after", value=cursor)


def count_input_tokens(call: Call) -> Json:
    """Count the input tokens of a create with this body [REC for the form].

    An estimate, as are all tokens.
    """
    check_model(call.body.get("model"), on_azure=is_azure(call.request))
    context = Context(call)
    items = resolved(call, context)
    read = sum(render.item_tokens(kept(item, "", 0, "")) for item in items) + context.tokens()
    instructions = call.body.get("instructions")
    return {"object": "response.input_tokens", "input_tokens": read + (tokens(instructions) if instructions else 0)}


def compact(call: Call) -> Json:
    """Return the user messages of a chain and an input, and a compaction item [REC].

    It represents all the rest.
    """
    engine, now = call.engine, call.engine.clock.now()
    check_model(call.body["model"], on_azure=is_azure(call.request))
    context = Context(call)
    items = resolved(call, context)
    response_id = ids.response_id(engine.ids, now, partition=context.partition, is_stored=True)
    output = []
    for item in (*context.user_messages(), *items):
        if item["type"] == "message" and item["role"] == "user":
            item_id = ids.item_id(engine.ids, "message", response_id, now)
            output.append(render.item(None, kept(item, item_id, now, response_id).state))
    item_id = ids.item_id(engine.ids, "compaction", response_id, now)
    sealed = f"gAAAAAB{item_id.removeprefix('cmp_')}"
    output.append({"id": item_id, "type": "compaction", "encrypted_content": sealed})
    read = sum(render.item_tokens(kept(item, "", 0, "")) for item in items) + context.tokens()
    written = tokens(sealed)
    return {
        "id": response_id,
        "object": "response.compaction",
        "created_at": int(now),
        "output": output,
        "usage": {
            "input_tokens": read,
            "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        },
    }
