"""The responses of a recording: what each was asked, and what it answered.

In a body or in a stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis import faces
from understudy._apis.responses.input_items import ANSWERED_BY, as_items, submitted_outputs, text_of
from understudy._cassettes import Interaction
from understudy._transcript import messages
from understudy._transcript.entries import HOSTED, SeenMessage
from understudy._transcript.normal_forms import Files, responses_settings, responses_tools
from understudy._transcript.turns import WAITING, ResponseRecord
from understudy._transcript.unknown import UNKNOWN, Unknown

Json = dict[str, Any]
_LIVE = ("queued", "in_progress")
_ENDS = ("response.completed", "response.incomplete", "response.failed")


def recorded_responses(session: Sequence[Interaction], name_of: Files) -> list[ResponseRecord]:
    """Return the responses that a recording shows, in the order they were asked for."""
    reading = ResponseReading(name_of)
    for exchange in session:
        if exchange.status < 400:
            reading.read(exchange)
    return [reading.record(made) for made in reading.made.values()]


@dataclass
class _Made:
    """A response that was made in the recording.

    `body`: of the request, None when it was lost; `view`: what is known of the response in the end.
    """

    body: Json | None
    view: Json
    before: list[SeenMessage] | Unknown = field(default_factory=list)


@dataclass(frozen=True)
class _Deleted:
    """An item that was taken out of a conversation, in the place where it was."""

    item_id: str


class ResponseReading:
    """Read one recording, exchange by exchange."""

    def __init__(self, name_of: Files) -> None:
        self.made: dict[str, _Made] = {}
        self._name_of = name_of
        self._conversations: dict[str, list[Any]] = {}  # items, ids of responses, deletions
        self._begun: set[str] = set()  # conversations that were made in the recording
        self._positions: dict[str, int] = {}  # by response: the length of its conversation's log then
        self._answered: set[str] = set()  # the ids of calls whose outputs were brought

    def read(self, exchange: Interaction) -> None:
        """Read one exchange."""
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name = operation.name if operation else ""
        body = exchange.request_json if isinstance(exchange.request_json, dict) else None
        if name == "responses.create":
            self._create(exchange, body)
        elif name in ("responses.retrieve", "responses.cancel"):
            view = _view(exchange)
            if ids["response_id"] in self.made and view is not None:
                made = self.made[ids["response_id"]]
                made.view = _richer(made.view, view)
        elif name == "conversations.create" and isinstance(exchange.json, dict):
            self._begun.add(exchange.json["id"])
            self._log(exchange.json["id"]).extend((body or {}).get("items") or ())
        elif name == "conversations.items.create":
            shown = exchange.json.get("data") if isinstance(exchange.json, dict) else None
            self._log(ids["conversation_id"]).extend(shown or (body or {}).get("items") or ())
        elif name == "conversations.items.delete":
            self._log(ids["conversation_id"]).append(_Deleted(ids["item_id"]))

    def _log(self, conversation_id: str) -> list[Any]:
        return self._conversations.setdefault(conversation_id, [])

    def _create(self, exchange: Interaction, body: Json | None) -> None:
        view = _view(exchange)
        if view is None and body is None:
            return
        view = view or {"status": "unknown"}
        response_id = str(view.get("id") or f"#{exchange.index}")
        self.made[response_id] = _Made(body, view)
        conversation = _conversation_of(body, view)
        if conversation is not None:
            log = self._log(conversation)
            self._positions[response_id] = len(log)
            log.append(response_id)

    # -- one response ---------------------------------------------------------------

    def record(self, made: _Made) -> ResponseRecord:
        """Return a response as a record of what was asked and done."""
        body, view = made.body or {}, made.view
        items = _typed(as_items(body.get("input")))
        instructions = body.get("instructions", view.get("instructions"))
        sent = "tools" in body or made.body is not None
        tools = (body.get("tools") if sent else view.get("tools")) or []
        calls = _calls(view)
        outputs = self._outputs(made, items)
        self._answered.update(outputs)
        return ResponseRecord(
            id=str(view.get("id", "")),
            before=self._before(made),
            input=UNKNOWN if made.body is None else messages.input_messages(items, self._name_of),
            instructions=instructions if isinstance(instructions, str) else None,
            tools=responses_tools(tools, dict.fromkeys(HOSTED, UNKNOWN), is_sent=sent),
            settings=responses_settings(view) if "temperature" in view else UNKNOWN,
            actions=[one for item in view.get("output") or () for one in messages.output_actions(item, self._name_of)],
            outcome=_outcome(view, calls),
            model=str(view.get("model") or body.get("model") or ""),
            calls=calls,
            hands_in=outputs,
            knows_found=not any(_found_is_hidden(item) for item in view.get("output") or ()),
        )

    def _outputs(self, made: _Made, items: Sequence[Json]) -> Json:
        """Return the outputs that a response brought for calls before it, by call id.

        Where the request was lost, what it brought is unknown, but the calls of the response before it were answered: the
        service refuses a request that leaves one open.
        """
        if made.body is None:
            previous = self._previous(made)
            return {} if previous is None else dict.fromkeys(_calls(previous.view), UNKNOWN)
        handed_in = [item for item in submitted_outputs(items, self._answered) if item.get("call_id")]
        return {item["call_id"]: messages.output(text_of(item.get("output") or "")) for item in handed_in}

    def _previous(self, made: _Made) -> _Made | None:
        """Return the recorded response that one whose request was lost goes on from."""
        conversation = _conversation_of(None, made.view)
        if conversation is None:
            return self.made.get(str(made.view.get("previous_response_id")))
        position = self._positions.get(str(made.view.get("id")), 0)
        earlier = [entry for entry in self._log(conversation)[:position] if isinstance(entry, str)]
        return self.made[earlier[-1]] if earlier else None

    def _before(self, made: _Made) -> list[SeenMessage] | Unknown:
        body, view = made.body or {}, made.view
        previous = body.get("previous_response_id") or view.get("previous_response_id")
        if previous is not None:
            return self._chain(str(previous))
        conversation = _conversation_of(made.body, view)
        if conversation is None:
            return []
        if conversation not in self._begun:
            return UNKNOWN
        position = self._positions.get(str(view.get("id")), 0)
        seen: list[Json] = []
        for entry in self._log(conversation)[:position]:
            if isinstance(entry, _Deleted):
                seen = [item for item in seen if item.get("id") != entry.item_id]
                continue
            own = self._own(self.made[entry]) if isinstance(entry, str) else [entry]
            if isinstance(own, Unknown):
                return UNKNOWN
            seen += own
        return self._messages(seen)

    def _chain(self, response_id: str) -> list[SeenMessage] | Unknown:
        seen: list[Json] = []
        while response_id:
            made = self.made.get(response_id)
            own = UNKNOWN if made is None else self._own(made)
            if made is None or isinstance(own, Unknown):
                return UNKNOWN
            seen = [*own, *seen]
            response_id = str((made.body or {}).get("previous_response_id") or made.view.get("previous_response_id") or "")
        return self._messages(seen)

    def _own(self, made: _Made) -> list[Json] | Unknown:
        """Return the items that a response added to its conversation.

        UNKNOWN if its request was lost, which may have brought more.
        """
        if made.body is None:
            return UNKNOWN
        return [*_typed(as_items(made.body.get("input"))), *(made.view.get("output") or ())]

    def _messages(self, items: Sequence[Json]) -> list[SeenMessage]:
        return messages.input_messages(items, self._name_of)


def _typed(items: Sequence[Json]) -> list[Json]:
    """Return items, each with its type, which a message need not name."""
    return [{"type": "message", **item} for item in items]


def _conversation_of(body: Json | None, view: Json) -> str | None:
    given = (body or {}).get("conversation") or view.get("conversation")
    found = given.get("id") if isinstance(given, Mapping) else given
    return str(found) if found is not None else None


def _calls(view: Json) -> list[Any]:
    """Return the ids of the calls that the app has to answer."""
    return [item.get("call_id") for item in view.get("output") or () if item.get("type") in ANSWERED_BY]


def _found_is_hidden(item: Json) -> bool:
    names = {"file_search_call": "results", "code_interpreter_call": "outputs"}
    kind = item.get("type", "")
    return kind in names and item.get(names[kind]) is None


def _outcome(view: Json, calls: Sequence[str]) -> Any:
    status = view.get("status")
    if status == "failed":
        error = view.get("error") or {}
        return messages.failed(error.get("code"), error.get("message"))
    if status == "incomplete":
        return messages.incomplete((view.get("incomplete_details") or {}).get("reason"))
    if status == "completed":
        return WAITING if calls else "completed"
    return "cancelled" if status == "cancelled" else UNKNOWN


# -- an answer ----------------------------------------------------------------------


def _view(exchange: Interaction) -> Json | None:
    """Return the response that an answer shows at its end.

    Of a stream that broke off, as far as it came.
    """
    if not exchange.is_stream:
        return exchange.json if isinstance(exchange.json, dict) and exchange.json.get("object") == "response" else None
    view: Json | None = None
    output: dict[int, Json] = {}
    for _, data in exchange.events:
        if not isinstance(data, dict):
            continue
        if isinstance(data.get("response"), dict):
            view = data["response"]
            if data.get("type") in _ENDS:
                return view
        elif data.get("type") in ("response.output_item.added", "response.output_item.done"):
            output[data.get("output_index", len(output))] = data.get("item") or {}
    if view is None:
        return None
    shown = [item for item in output.values() if item.get("type") != "message" or item.get("content")]
    return {**view, "output": view.get("output") or shown}


def _richer(old: Json, new: Json) -> Json:
    """Return the later view, unless it shows less.

    It does if it is live, and the earlier one is over.
    """
    if new.get("status") in _LIVE and old.get("status") not in _LIVE:
        return old
    return {**old, **new}
