"""Create a response: check its input, choose its script, perform it, respond."""

from __future__ import annotations

from typing import Any

from understudy._apis.common.operation_call import Call
from understudy._apis.dialect import is_azure
from understudy._apis.responses import ids, model_facts, render
from understudy._apis.responses.conversation_facts import ConversationFacts
from understudy._apis.responses.input_items import (
    as_items,
    check_calls,
    check_each_once,
    check_reasoning,
    file_ids,
    kept,
    submitted_outputs,
    text_of,
)
from understudy._apis.responses.objects import Json, ModelResponse, ResponsesObjects, refuse_locked
from understudy._apis.responses.settings import check_tool_choice, settings_of
from understudy._apis.responses.streaming import answer_at_the_end, finish, stream_response
from understudy._apis.responses.tools import tools_of
from understudy._common.messages import Abort, Request, Response
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.events import tokens
from understudy._engine.execution import ExecutionRequest, ScriptPosition
from understudy._engine.items import Conversation, Item
from understudy._engine.moves.base import Tool
from understudy._engine.script import ScriptedRun
from understudy._engine.script_queue import ScriptLabels


def arrived(engine: Engine, request: Request) -> None:
    """Record a create request on arrival.

    The SDK's retry of it then gets the same script.
    """
    engine.part(ResponsesObjects).retries.arrived(request)


def create(call: Call) -> Json | Response | Abort:
    """Start a response, and return it as requested.

    At its end, as a stream, or at once (background).
    """
    response = _start(call)
    locks = response.conversation is not None and not response.settings.is_background
    overlaps = locks and call.engine.clock.virtual and call.engine.overlap.let_others_ask()
    if call.body.get("stream"):
        return stream_response(call, response, overlaps=overlaps)
    if response.settings.is_background:
        return show(call, response)
    return answer_at_the_end(call, response, overlaps=overlaps)


def show(call: Call, response: ModelResponse) -> Json:
    """Return a response as it is now.

    Its present state counts as seen: the next poll advances it.
    """
    call.shown[response.id] = response.execution.state.phase
    if response.is_over:
        finish(call.engine, response)
    return render.response(response)


class Context:
    """What a request continues: nothing, an earlier response, or a conversation."""

    def __init__(self, call: Call) -> None:
        self.objects = call.engine.part(ResponsesObjects)
        self.facts = call.engine.part(ConversationFacts)
        previous, conversation = call.body.get("previous_response_id"), call.body.get("conversation")
        if previous is not None and conversation is not None:
            raise ApiError("both")
        if isinstance(conversation, dict):
            conversation = conversation["id"]
        self.conversation = self.objects.named_conversation(conversation) if conversation is not None else None
        self.previous = self.objects.previous(previous) if previous is not None else None
        if self.conversation is not None:
            refuse_locked(call, self.conversation)

    @property
    def partition(self) -> str | None:
        """The partition of the ids that the request continues, or None."""
        owner = self.previous or self.conversation
        return ids.partition_of(owner.id) if owner is not None else None

    def open_calls(self) -> list[Json]:
        """Return the calls that wait for an output."""
        if self.previous is not None:
            return self.previous.open_calls()
        return self.facts.open_calls(self.conversation) if self.conversation is not None else []

    def has(self, item_id: str) -> bool:
        """Return whether an item is part of what came before.

        Only items of the same family can be; others cost no search.
        """
        if self.conversation is not None:
            return self.conversation.items.get(item_id) is not None
        response = self.previous
        if response is None or ids.partition_of(item_id) != self.partition:
            return False
        while response is not None:
            if response.has(item_id):
                return True
            response = response.previous
        return False

    def tokens(self) -> int:
        """Estimate the tokens of all that came before."""
        if self.previous is not None:
            return render.prompt_tokens(self.previous) + render.written_tokens(self.previous.execution.state)
        if self.conversation is None:
            return 0
        return self.facts.tokens(self.conversation)

    def user_messages(self) -> list[Json]:
        """Return the messages of the user in the chain so far, oldest first."""
        found: list[Json] = []
        response = self.previous
        while response is not None:
            found += [render.item(None, item.state) for item in reversed(response.input) if _is_of_user(item)]
            response = response.previous
        return found[::-1]

    def speaks_of_json(self) -> bool:
        """Return whether anything said in the chain, or the conversation, has the word."""
        said: list[Any] = list(self.conversation.items) if self.conversation is not None else []
        response = self.previous
        while response is not None:
            said += [*response.input, *response.output()]
            response = response.previous
        return any("json" in (item.text if item.kind == "message" else str(item.state)).lower() for item in said)

    def last_user_text(self) -> str:
        """Return the text of the latest user message before this request."""
        response = self.previous
        while response is not None:
            for item in reversed(response.input):
                if _is_of_user(item):
                    return item.text
            response = response.previous
        return self.conversation.last_user_text() if self.conversation is not None else ""


def _is_of_user(item: Item) -> bool:
    return item.kind == "message" and item.role == "user"


def resolved(call: Call, context: Context) -> list[Json]:
    """Return the items of an input, with references resolved, after all checks."""
    given = call.body.get("input")
    if not given and context.previous is None and context.conversation is None:
        raise ApiError("input.missing")
    for file_id in file_ids(given, call.body.get("tools")):
        call.engine.existing_file(file_id)
    if isinstance(given, str):  # it names nothing that could be missing, or there twice
        items = as_items(given)
        check_calls(items, context.open_calls())
        return items
    items = [_looked_up(context.objects, item) for item in as_items(given)]
    check_each_once(items)
    _check_new(context, items)
    _check_stored(context.objects, items)
    check_reasoning(items)
    _check_thoughts(context.objects, items)
    check_calls(items, context.open_calls())
    return items


def _looked_up(objects: ResponsesObjects, item: Json) -> Json:
    if item["type"] != "item_reference":
        return item
    if item["id"] in objects.unstored:
        raise ApiError("item.not_stored", id=item["id"])
    found = objects.stored_item(item["id"])
    if found is None:
        raise ApiError("item.unknown", id=item["id"])
    writer = objects.responses.get(found.execution_id or "") or objects.writers.get(found.execution_id or "")
    return render.item(writer, found.state)


def _check_new(context: Context, items: list[Json]) -> None:
    """Refuse an item that the chain or the conversation already has [REP].

    That is, a history sent in addition to it.
    """
    for item in items:
        item_id = item.get("id")
        if item_id is not None and context.has(item_id):
            raise ApiError("item.twice", id=item_id)


def _check_thoughts(objects: ResponsesObjects, items: list[Json]) -> None:
    """Refuse an item written after a reasoning item that is omitted [REP, many]."""
    sent = {item.get("id") for item in items}
    for item in items:
        item_id = item.get("id")
        writer = objects.writer_of(item_id) if item_id is not None and item["type"] != "reasoning" else None
        thought = writer.thought_before(item_id) if writer is not None and item_id is not None else None
        if thought is not None and thought not in sent:
            raise ApiError("reasoning.missing", id=item_id, kind=item["type"], reasoning=thought)


def _check_stored(objects: ResponsesObjects, items: list[Json]) -> None:
    """Refuse a reasoning item of a response that was not stored [REP].

    Unless it includes its content.
    """
    for item in items:
        if item["type"] == "reasoning" and item.get("id") in objects.unstored and not item.get("encrypted_content"):
            raise ApiError("item.not_stored", id=item["id"])


def _start(call: Call) -> ModelResponse:
    engine = call.engine
    context = Context(call)
    items = resolved(call, context)
    settings = settings_of(call.body, on_azure=is_azure(call.request))
    if call.body.get("tool_choice") not in (None, "auto", "none"):
        check_tool_choice(call.body)
    _check_window(call, items)
    _check_json_mode(call.body, context, items)
    tools = tools_of(call.body.get("tools") or ())
    for tool in tools:
        for store_id in tool.store_ids:
            engine.stores.usable(store_id)
    now = engine.clock.now()
    response_id = ids.response_id(engine.ids, now, partition=context.partition, is_stored=settings.is_stored)
    is_apart = settings.is_background and not context.objects.background_appends
    log = None if is_apart else context.conversation
    log = log or Conversation(id=response_id, created_at=now)
    entries = [_entry(call, item, response_id, log.id, now) for item in items]
    response = ModelResponse(
        id=response_id,
        created_at=now,
        settings=settings,
        input=entries,
        previous=context.previous,
        conversation=context.conversation,
        tokens_before=context.tokens(),
        container_id=_container(call, response_id, context.previous, now),
        file_name=engine.file_name,
    )
    request = _request(call, response, context, items, log, tools)
    _perform(call, response, request, _position(call, context, items), entries)
    context.objects.keep(response)
    return response


_SMALLEST_WINDOW = min(model_facts.WINDOWS.values())


def _check_window(call: Call, items: list[Json]) -> None:
    """Refuse an input that the model cannot read [REC].

    Only what is certainly text is counted [INF].
    """
    body = call.body
    if body.get("truncation") == "auto" or len(call.request.body) < _SMALLEST_WINDOW:  # a byte is never more than a token
        return
    said = [item.get("content", item.get("output")) for item in items]
    read = sum([tokens(text) for content in [body.get("instructions"), *said] for text in _texts(content)])
    if read > _SMALLEST_WINDOW and read > model_facts.window(body["model"]):
        raise ApiError("context.exceeded")


def _check_json_mode(body: Json, context: Context, items: list[Json]) -> None:
    """Refuse the JSON mode if the input does not speak of JSON [REP].

    What came before counts as input [INF], instructions do not [REP].
    """
    if ((body.get("text") or {}).get("format") or {}).get("type") != "json_object":
        return
    if not any("json" in str(item).lower() for item in items) and not context.speaks_of_json():
        raise ApiError("json.unsaid")


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content if isinstance(part.get("text"), str)] if isinstance(content, list) else []


def _entry(call: Call, item: Json, response_id: str, log_id: str, now: float) -> Item:
    item_id = ids.item_id(call.engine.ids, item["type"], response_id, now)
    return kept(item, item_id, now, log_id)


def _container(call: Call, response_id: str, previous: ModelResponse | None, now: float) -> str:
    """Return the container for code: the one named, the chain's, or a new one [REC].

    Reuse is INF.
    """
    for tool in call.body.get("tools") or ():
        if tool["type"] == "code_interpreter":
            if isinstance(tool["container"], str):
                return str(tool["container"])
            return (previous.container_id if previous is not None else "") or ids.container_id(
                call.engine.ids, response_id, now
            )
    return ""


def _request(
    call: Call,
    response: ModelResponse,
    context: Context,
    items: list[Json],
    log: Conversation,
    tools: tuple[Tool, ...],
) -> ExecutionRequest:
    body, engine = call.body, call.engine
    texts = [text_of(item["content"]) for item in items if item["type"] == "message" and item["role"] == "user"]
    last_user_text = texts[-1] if texts else context.last_user_text()

    def scripted_run() -> ScriptedRun:
        return ScriptedRun(
            id=response.id,
            thread_id=log.id,
            assistant_id="",
            model=body["model"],
            instructions=body.get("instructions"),
            tools=list(body.get("tools") or ()),
            metadata=dict(body.get("metadata") or {}),
            messages=[entry for entry in log.items if entry.kind == "message"],
            last_user_text=last_user_text,
            outputs={},
            now=response.created_at,
            input=items,
        )

    def new_item_id(kind: Any, parent: str, at: float) -> str:  # noqa: ARG001 - every id is of the response's family
        return ids.item_id(engine.ids, kind if isinstance(kind, str) else item_type(kind), response.id, at)

    conversation_id = response.conversation.id if response.conversation is not None else None
    return ExecutionRequest(
        id=response.id,
        conversation=log,
        labels=ScriptLabels("response", None, conversation_id),
        scripted_run=scripted_run,
        tools=tools,
        last_user_text=last_user_text,
        new_item_id=new_item_id,
        checks_ahead=False,
        shows_images=False,
        counts_prompt=False,
    )


def item_type(move: Any) -> str:
    """Return the type of the item that the move of a call creates."""
    given = getattr(move, "item", None)
    if given is not None:
        return str(given["type"])
    return f"{move.needs_tool or 'function'}_call"


def _position(call: Call, context: Context, items: list[Json]) -> ScriptPosition | None:
    """Return the position in a script at which this request continues.

    That of the attempt it retries, or of the calls it answers; None to take the next script.
    """
    retried = context.objects.retries.position(call.request)
    if retried is not None:
        return retried
    submitted = submitted_outputs(items, context.objects.answered)
    outputs = {item["call_id"]: text_of(item.get("output", "")) for item in submitted if item.get("call_id")}
    for call_id in reversed(outputs):
        caller = context.objects.caller_of(call_id, context.previous)
        if caller is None:
            continue
        execution = caller.execution
        waiting = {item_id: execution.state.item(item_id).call_id for item_id in execution.state.phase.waits_for}
        if waiting and all(wanted in outputs for wanted in waiting.values()):
            answers = {item_id: outputs[wanted] for item_id, wanted in waiting.items()}
            return execution.position.after(execution.handed_in(answers, call.engine.clock.now()))
    return None


def _perform(
    call: Call, response: ModelResponse, request: ExecutionRequest, position: ScriptPosition | None, entries: list[Item]
) -> None:
    """Add the input to the log and start; restore the log if the script is refused."""
    log = request.conversation
    for entry in entries:
        log.items.add(entry)
    try:
        response.execution = call.engine.perform(request, position)
    except BaseException:
        for entry in entries:
            log.items.remove(entry.id)
        raise
    if log is response.conversation:
        call.engine.part(ConversationFacts).took(log, entries)
    call.engine.part(ResponsesObjects).retries.took(call.request, response.execution.position)
