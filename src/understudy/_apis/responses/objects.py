"""The objects that the Responses API adds to the engine.

Responses (executions), conversations, and the chains of responses. `ResponsesObjects` is the part of a service that
belongs to this API: `engine.part(ResponsesObjects)`.

A response has its own input and a reference to the response that it continues: a chain of n turns is n small objects, and
nothing is copied from one to the next. What came before is read backwards, lazily.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
STORAGE_SECONDS = 30 * 86_400
MAX_RETRIES = 100  # creates whose script is remembered
MAX_UNSTORED_IDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a request, in the form in which they are echoed.

    Attributes:
        echoed: the keys of a response that only repeat the request, with defaults.
        include: the additional data to show.
        tier: the service tier requested; echoed until the response has ended.
        is_background, is_stored, obfuscates: as requested.
    """

    echoed: Json
    include: frozenset[str]
    tier: str
    is_background: bool
    is_stored: bool
    obfuscates: bool


@dataclass(slots=True, kw_only=True)
class ModelResponse:
    """An execution, with the settings and input of its request.

    Attributes:
        input: the items of this request, in order.
        previous: the response that it continues, if any.
        conversation: the conversation it is in, if any.
        tokens_before: the tokens of all earlier turns, which are billed again.
        container_id: the container that its code runs in.
        file_name: returns the name of an existing file.
    """

    id: str
    created_at: float
    settings: Settings
    execution: Execution = None  # type: ignore[assignment]  # set right after the start
    input: list[Item] = field(default_factory=list)
    previous: ModelResponse | None = None
    conversation: Conversation | None = None
    tokens_before: int = 0
    container_id: str = ""
    file_name: Callable[[str], str | None]

    @property
    def is_over(self) -> bool:
        """Whether it has ended, which includes ending with function calls."""
        return self.execution.is_over or self.execution.status == "paused"

    def output(self) -> Iterator[Item]:
        """Return the items it wrote, in order."""
        return iter(self.execution.items.values())

    def thought_before(self, item_id: str) -> str | None:
        """Return the id of the reasoning item right before an item, or None.

        The two belong together.
        """
        written = list(self.execution.items)
        place = written.index(item_id)
        before = self.execution.items[written[place - 1]].state if place else None
        kind = getattr(before, "given", {}).get("type") or getattr(before, "kind", "")
        return before.id if before is not None and kind == "reasoning" else None

    def has(self, item_id: str) -> bool:
        """Return whether an item is part of its input or output."""
        return item_id in self.execution.items or any(item.id == item_id for item in self.input)

    def open_calls(self) -> list[Json]:
        """Return its function calls, which the next turn has to answer."""
        return [call for item in self.output() if (call := call_of(item)) is not None]


def is_locked(conversation: Conversation) -> bool:
    """Return whether a response is active in a conversation.

    One that waits for outputs has ended for the app.
    """
    return conversation.active is not None and conversation.active.status != "paused"


def refuse_locked(call: Call, conversation: Conversation) -> None:
    """Refuse a conversation with an active response [REP].

    Raises:
        ApiError: the conversation is locked.
        Livelock: the app repeats this endlessly.
    """
    if is_locked(conversation):
        call.engine.overlap.refused()
        call.polls.count_refusal(f"{call.request.method} {call.request.url}", call.request.body, conversation)
        raise ApiError("conversation.locked")


def check_id(given: str, path: str, prefix: str) -> None:
    """Refuse an id in a body that has the form of another kind.

    For its characters [REP: ProjectTech4DevAI/kaapi-backend#317], else for its beginning [REP, many].
    """
    if re.fullmatch(r"[a-zA-Z0-9_-]+", given) is None:
        raise ApiError("id.characters", path=path, value=given)
    if not given.startswith(prefix):
        raise ApiError("id", path=path, value=given, prefix=prefix)


def call_of(item: Item) -> Json | None:
    """Return a call that the app has to answer, as JSON; None for other items.

    Only with the fields that are needed to find its output.
    """
    state = item.state
    given = getattr(state, "given", None)
    if given is not None:
        return given if given["type"] in ANSWERED_BY else None
    if isinstance(state, CallState) and state.kind == "function":
        return {"type": "function_call", "call_id": state.call_id}
    return None


class ResponsesObjects:
    """The responses and conversations of one service.

    Attributes:
        background_appends: whether background responses add their items to their conversation.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.responses: dict[str, ModelResponse] = {}
        self._families: dict[str, dict[str, ModelResponse]] = {}  # by the partition of their ids, and by id
        self.writers: dict[str, ModelResponse] = {}  # of the items in conversations, deleted or not
        self.conversations: Listing[Conversation] = Listing()
        self.callers: dict[str, list[ModelResponse]] = {}  # by call_id: the responses that made the call
        self.answered: set[str] = set()  # call_ids whose outputs a response was given
        self.unstored: OrderedDict[str, None] = OrderedDict()  # ids of items that were not stored
        self.retries = Retries()
        self.background_appends = True

    # -- finding --------------------------------------------------------------

    def response(self, response_id: str) -> ModelResponse:
        """Return a response; refuse an unknown id."""
        return self._kept(response_id) or _refuse("response.not_found", response_id)

    def previous(self, response_id: str) -> ModelResponse:
        """Return the response to continue; refuse an unknown id or an active response."""
        found = self._kept(response_id)
        if found is None:
            check_id(response_id, "previous_response_id", "resp")
            raise ApiError("previous.not_found", id=response_id)
        if not found.is_over:
            raise ApiError("previous.running", id=response_id)
        return found

    def response_of_id(self, response_id: str) -> ModelResponse | None:
        """Return one of the latest responses, stored or not; None if there is none."""
        known = self.responses.get(response_id)
        return known or next((one for one in reversed(self._engine.history) if one.id == response_id), None)

    def forget_old(self) -> None:
        """Drop the responses whose storage period has passed."""
        for response_id in list(self.responses):
            self._kept(response_id)

    def _kept(self, response_id: str) -> ModelResponse | None:
        """Return a response, unless its 30 days are over [DOCS, contract 18].

        Those in conversations are kept [DOCS]. That the limit is exact is a guess. [INF; "at least 30 days": SDK;
        users say longer: REP]
        """
        found = self.responses.get(response_id)
        if found is None or found.conversation is not None:
            return found
        if self._engine.clock.now() < found.created_at + STORAGE_SECONDS:
            return found
        self.drop(found)
        return None

    def conversation(self, conversation_id: str) -> Conversation:
        """Return a conversation; refuse an unknown id."""
        return self.conversations.get(conversation_id) or _refuse("conversation.not_found", conversation_id)

    def named_conversation(self, conversation_id: str) -> Conversation:
        """Return the conversation that a body names.

        An unknown id is refused, first for its form.
        """
        if self.conversations.get(conversation_id) is None:
            check_id(conversation_id, "conversation", "conv")
        return self.conversation(conversation_id)

    def item(self, conversation_id: str, item_id: str) -> Item:
        """Return an item of a conversation; refuse an unknown id."""
        return self.conversation(conversation_id).items.get(item_id) or _refuse("item.not_found", item_id)

    def writer_of(self, item_id: str) -> ModelResponse | None:
        """Return the stored response that wrote an item, or None.

        It is found by the partition of the id.
        """
        family = self._families.get(partition_of(item_id), {})
        return next((one for one in reversed(family.values()) if item_id in one.execution.items), None)

    def stored_item(self, item_id: str) -> Item | None:
        """Return an item of any response or conversation, or None."""
        for response in reversed(self.responses.values()):
            found = response.execution.items.get(item_id)
            if found is None:
                found = next((item for item in response.input if item.id == item_id), None)
            if found is not None:
                return found
        return next((found for one in self.conversations if (found := one.items.get(item_id)) is not None), None)

    # -- keeping --------------------------------------------------------------

    def keep(self, response: ModelResponse) -> None:
        """Store a response that has started."""
        self.responses[response.id] = response
        self._families.setdefault(partition_of(response.id), {})[response.id] = response
        self._engine.history.append(response)
        handed_in = response.execution.position.handed_in
        self.answered.update(call_id for call_id, _ in (handed_in[-1].calls if handed_in else ()))
        if response.conversation is not None:
            self.writers[response.execution.id] = response

    def drop(self, response: ModelResponse) -> None:
        """Remove a response; if it is active, it ends without an event."""
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
        """Remove a response that is not stored.

        The ids of its items are kept, to refuse references to them.
        """
        self._forget(response)
        for item in response.output():
            self.unstored[item.id] = None
        while len(self.unstored) > MAX_UNSTORED_IDS:
            self.unstored.popitem(last=False)

    def note_calls(self, response: ModelResponse) -> None:
        """Record which response made the calls that are waiting now.

        The app may send their outputs in any way.
        """
        for item_id in response.execution.state.phase.waits_for:
            call_id = response.execution.state.item(item_id).call_id
            makers = self.callers.setdefault(call_id, [])
            if response not in makers:
                makers.append(response)

    def caller_of(self, call_id: str, previous: ModelResponse | None) -> ModelResponse | None:
        """Return the response that waits for the output of a call.

        Of several, `previous` if it is among them, else the latest.
        """
        makers = self.callers.get(call_id, [])
        if not makers:
            return None
        return next((maker for maker in makers if maker is previous), makers[-1])


class Retries:
    """The scripts that creates took, by request body.

    The SDK's retry of a create gets the same script, not the next in the queue.
    """

    def __init__(self) -> None:
        self._taken: OrderedDict[bytes, ScriptPosition] = OrderedDict()  # the log of requests has these bodies, too

    def arrived(self, request: Request) -> None:
        """Record a request on arrival.

        A first attempt is not a retry of an earlier request with the same body.
        """
        if request.body in self._taken and not is_retry(request):
            del self._taken[request.body]

    def took(self, request: Request, position: ScriptPosition) -> None:
        """Record the script that a request took."""
        self._taken[request.body] = position
        while len(self._taken) > MAX_RETRIES:
            self._taken.popitem(last=False)

    def position(self, request: Request) -> ScriptPosition | None:
        """Return the script that an earlier attempt of this request took, or None."""
        taken = self._taken.get(request.body)
        return taken if taken is not None and is_retry(request) else None


def is_retry(request: Request) -> bool:
    """Return whether the SDK sends a request again."""
    count = request.header("x-stainless-retry-count", "0") or "0"
    return count.isdecimal() and int(count) > 0


def _refuse(name: str, wanted: str) -> Any:
    raise ApiError(name, id=wanted)
