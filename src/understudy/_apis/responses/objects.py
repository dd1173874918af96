"""What the Responses API has over the engine: responses (executions), conversations, and the chains they make.

`ResponsesObjects` is this API's part of a service: `engine.part(ResponsesObjects)`.

A response keeps its own input and knows the response it goes on from: a chain of n turns is n small objects, and nothing
is copied from one to the next. What comes before is read backwards, as far as someone asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from understudy._apis.common.operation_call import Call
from understudy._apis.responses.ids import partition_of
from understudy._apis.responses.input_items import ANSWERED_BY
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.execution import Execution, ScriptPosition
from understudy._engine.items import CallState, Conversation, Item
from understudy._engine.listing import Listing

Json = dict[str, Any]
KEPT_SECONDS = 30 * 86_400
RETRIES_KEPT = 100
UNSTORED_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was asked for, in the form in which it is echoed.

    Attributes:
        echoed: the keys of a response that only repeat the request, defaults filled in.
        include: what is to be shown besides.
        tier: the service tier asked for; what is echoed until the response is over.
        is_background, is_stored, obfuscates: as asked for.
    """

    echoed: Json
    include: frozenset[str]
    tier: str
    is_background: bool
    is_stored: bool
    obfuscates: bool


def _no_file(file_id: str) -> str | None:  # noqa: ARG001
    return None


@dataclass(slots=True, kw_only=True)
class ModelResponse:
    """An execution, with what was asked for.

    Attributes:
        input: what this request brought, in order.
        previous: what it goes on from, if anything.
        conversation: the conversation it is in, if any.
        tokens_before: what all earlier turns had; they are billed again.
        container_id: the container its code runs in.
        file_name: gives the name of a file that exists.
    """

    id: str
    created_at: float
    settings: Settings
    execution: Execution = None  # type: ignore[assignment]  # set right after it has begun
    input: list[Item] = field(default_factory=list)
    previous: ModelResponse | None = None
    conversation: Conversation | None = None
    tokens_before: int = 0
    container_id: str = ""
    file_name: Callable[[str], str | None] = _no_file

    @property
    def is_over(self) -> bool:
        """Say whether it is in a terminal status: a response that called functions is."""
        return self.execution.is_over or self.execution.status == "paused"

    def output(self) -> Iterator[Item]:
        """Give the items it wrote, in order."""
        return iter(self.execution.items.values())

    def thought_before(self, item_id: str) -> str | None:
        """Give the id of the reasoning item right before one that it wrote, which belongs to it; None if there is none."""
        written = list(self.execution.items)
        place = written.index(item_id)
        before = self.execution.items[written[place - 1]].state if place else None
        kind = getattr(before, "given", {}).get("type") or getattr(before, "kind", "")
        return before.id if before is not None and kind == "reasoning" else None

    def has(self, item_id: str) -> bool:
        """Tell whether an item is one that it wrote, or that it was made from."""
        return item_id in self.execution.items or any(item.id == item_id for item in self.input)

    def open_calls(self) -> list[Json]:
        """Give the calls that it ended with, which the next turn has to answer."""
        return [call for item in self.output() if (call := call_of(item)) is not None]


def is_locked(conversation: Conversation) -> bool:
    """Tell whether a response runs in a conversation; one that waits for outputs is over for the app."""
    return conversation.active is not None and conversation.active.status != "paused"


def refuse_locked(call: Call, conversation: Conversation) -> None:
    """Refuse to touch a conversation that a response runs in [REP].

    Raises:
        ApiError: it is locked.
        Livelock: the app asks for it without end.
    """
    if is_locked(conversation):
        call.polls.count_refusal(f"{call.request.method} {call.request.url}", call.request.body, conversation)
        raise ApiError("conversation.locked")


def call_of(item: Item) -> Json | None:
    """Give a call that the app has to answer as JSON, as far as it is needed to find its output; None for other items."""
    state = item.state
    given = getattr(state, "given", None)
    if given is not None:
        return given if given["type"] in ANSWERED_BY else None
    if isinstance(state, CallState) and state.kind == "function":
        return {"type": "function_call", "call_id": state.call_id}
    return None


class ResponsesObjects:
    """The responses and conversations of one service."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.responses: dict[str, ModelResponse] = {}
        self._families: dict[str, dict[str, ModelResponse]] = {}  # by the partition of their ids, and by id
        self.writers: dict[str, ModelResponse] = {}  # of the items in conversations, deleted or not
        self.conversations: Listing[Conversation] = Listing()
        self.callers: dict[str, list[ModelResponse]] = {}  # by call_id: who made the call
        self.unstored: OrderedDict[str, None] = OrderedDict()  # ids of items that were not kept
        self.retries = Retries()

    # -- finding --------------------------------------------------------------

    def response(self, response_id: str) -> ModelResponse:
        """Give a response, or refuse."""
        return self._kept(response_id) or _refuse("response.not_found", response_id)

    def previous(self, response_id: str) -> ModelResponse:
        """Give the response that another is to go on from, or refuse."""
        found = self._kept(response_id) or _refuse("previous.not_found", response_id)
        if not found.is_over:
            raise ApiError("previous.running", id=response_id)
        return found

    def forget_old(self) -> None:
        """Drop the responses that were kept long enough."""
        for response_id in list(self.responses):
            self._kept(response_id)

    def _kept(self, response_id: str) -> ModelResponse | None:
        """Give a response; one that was kept for 30 days is gone [DOCS], unless it is in a conversation [DOCS].

        That it is gone to the second is a guess. [INF; "at least 30 days": SDK; users say longer: REP]
        """
        found = self.responses.get(response_id)
        if found is None or found.conversation is not None:
            return found
        if self._engine.clock.now() < found.created_at + KEPT_SECONDS:
            return found
        self.drop(found)
        return None

    def conversation(self, conversation_id: str) -> Conversation:
        """Give a conversation, or refuse."""
        return self.conversations.get(conversation_id) or _refuse("conversation.not_found", conversation_id)

    def item(self, conversation_id: str, item_id: str) -> Item:
        """Give an item of a conversation, or refuse."""
        return self.conversation(conversation_id).items.get(item_id) or _refuse("item.not_found", item_id)

    def writer_of(self, item_id: str) -> ModelResponse | None:
        """Give the stored response that wrote an item, by the partition of its id; None when none has (any more)."""
        family = self._families.get(partition_of(item_id), {})
        return next((one for one in reversed(family.values()) if item_id in one.execution.items), None)

    def stored_item(self, item_id: str) -> Item | None:
        """Give an item that some response or conversation has, by its id; None when none has (any more)."""
        for response in reversed(self.responses.values()):
            found = response.execution.items.get(item_id)
            if found is None:
                found = next((item for item in response.input if item.id == item_id), None)
            if found is not None:
                return found
        return next((found for held in self.conversations if (found := held.items.get(item_id)) is not None), None)

    # -- keeping --------------------------------------------------------------

    def keep(self, response: ModelResponse) -> None:
        """Keep a response that has begun."""
        self.responses[response.id] = response
        self._families.setdefault(partition_of(response.id), {})[response.id] = response
        self._engine.history.append(response)
        if response.conversation is not None:
            self.writers[response.execution.id] = response

    def drop(self, response: ModelResponse) -> None:
        """Let a response not exist any more; if it runs, it ends without a word."""
        self._forget(response)
        if response.execution.id in self._engine.executions and not response.is_over:
            self._engine.forget(response.execution)

    def _forget(self, response: ModelResponse) -> None:
        if self.responses.pop(response.id, None) is not None:
            partition = partition_of(response.id)
            self._families[partition].pop(response.id)
            if not self._families[partition]:
                del self._families[partition]

    def unstore(self, response: ModelResponse) -> None:
        """Keep nothing of a response but the ids of its items, which cannot be referred to."""
        self._forget(response)
        for item in response.output():
            self.unstored[item.id] = None
        while len(self.unstored) > UNSTORED_KEPT:
            self.unstored.popitem(last=False)

    def note_calls(self, response: ModelResponse) -> None:
        """Remember who made the calls that are waiting now; the app may bring their outputs in any way."""
        for item_id in response.execution.state.phase.waits_for:
            call_id = response.execution.state.item(item_id).call_id
            makers = self.callers.setdefault(call_id, [])
            if response not in makers:
                makers.append(response)

    def caller_of(self, call_id: str, previous: ModelResponse | None) -> ModelResponse | None:
        """Give the response that waits for a call's output: of several, the one that is gone on from, else the latest."""
        makers = self.callers.get(call_id, [])
        if not makers:
            return None
        return next((maker for maker in makers if maker is previous), makers[-1])


class Retries:
    """Which script a create took, so that the SDK's retry of it takes the same again and not the next in the queue."""

    def __init__(self) -> None:
        self._taken: OrderedDict[bytes, ScriptPosition] = OrderedDict()

    def arrived(self, request: Request) -> None:
        """Note a request before anything becomes of it: a first attempt is no retry of what had the same body earlier."""
        if not is_retry(request):
            self._taken.pop(_digest(request), None)

    def took(self, request: Request, position: ScriptPosition) -> None:
        """Note the script that a request took."""
        self._taken[_digest(request)] = position
        while len(self._taken) > RETRIES_KEPT:
            self._taken.popitem(last=False)

    def position(self, request: Request) -> ScriptPosition | None:
        """Give the script that the attempt before took; None when this is the first, or that took none."""
        return self._taken.get(_digest(request)) if is_retry(request) else None


def is_retry(request: Request) -> bool:
    """Tell whether the SDK sends a request again."""
    count = request.header("x-stainless-retry-count", "0") or "0"
    return count.isdecimal() and int(count) > 0


def _digest(request: Request) -> bytes:
    return blake2b(request.body, digest_size=16).digest()


def _refuse(name: str, wanted: str) -> Any:
    raise ApiError(name, id=wanted)
