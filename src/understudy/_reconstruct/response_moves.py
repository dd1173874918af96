"""What the model did in a response, as a script that makes the simulator do so.

It is derived from what the recording shows.

A script is the chain of responses that a tool loop makes: a create that brings the output of a recorded call continues the
script of the response that made the call, so that script is set before the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from understudy._apis import faces
from understudy._apis.responses.input_items import submitted_outputs
from understudy._cassettes.interaction import Interaction
from understudy._engine.call_kinds.response_item import ANSWERED_BY_APP
from understudy._reconstruct.moves import NOT_SHOWN
from understudy._reconstruct.session_facts import Json, objects_in
from understudy.errors import ImpossibleScript
from understudy.scripts import Fail, FunctionCall, Hang, Incomplete, Reason, Reply, ResponseItem, Step

TERMINAL = frozenset(["completed", "incomplete", "failed", "cancelled"])
CREATE = "responses.create"
_TOOL_SEARCH = frozenset(["tool_search", "tool_search_call", "tool_search_output", "additional_tools"])

Translated = Callable[[Any], Any]


def operation_of(exchange: Interaction) -> str:
    """Return the name of an exchange's operation; "" if it has none."""
    operation = faces.ALL.find(exchange.method, exchange.path).operation
    return operation.name if operation is not None else ""


def views_of(exchange: Interaction) -> list[Json]:
    """Return the responses that an answer shows, in order."""
    values = [data for _, data in exchange.events] or [exchange.json]
    return [view for value in values for view in objects_in(value) if view["object"] == "response"]


class ResponseFacts:
    """What a session shows of its responses.

    Attributes:
        creates: the exchanges that made a response, by index.
        last: the last view of each response, by id; a terminal one is never replaced by one that is not.
        shown_by: by id: the exchanges that show the response.
    """

    def __init__(self, session: Sequence[Interaction]) -> None:
        self.creates: dict[int, Interaction] = {}
        self.last: dict[str, Json] = {}
        self.shown_by: dict[str, list[Interaction]] = {}
        self._made: dict[int, str] = {}
        for exchange in session:
            self._read(exchange)

    def _read(self, exchange: Interaction) -> None:
        views = [*views_of(exchange), *_as_far_as_shown(exchange)] if exchange.status == 200 else []
        for view in views:
            known = self.last.get(view["id"])
            if known is None or view.get("status") in TERMINAL or known.get("status") not in TERMINAL:
                self.last[view["id"]] = view
        if not views:
            return
        self.shown_by.setdefault(views[0]["id"], []).append(exchange)
        if operation_of(exchange) == CREATE:
            self.creates[exchange.index] = exchange
            self._made[exchange.index] = views[0]["id"]

    def response(self, index: int) -> Json:
        """Return the response that a create made, as it was last shown."""
        return self.last[self._made[index]]

    def made_by(self, index: int) -> str:
        """Return the id of the response that a create made."""
        return self._made[index]

    def chains(self) -> dict[int, list[int]]:
        """Return the creates of each script, by the first of them.

        The others continue its tool loop, in order.
        """
        found: dict[int, list[int]] = {}
        makers: dict[str, list[int]] = {}
        answered: set[str] = set()
        for index, exchange in self.creates.items():
            outputs = submitted_outputs(_items(exchange), answered)
            chain = next((makers[call_id] for call_id in map(_call_id, reversed(outputs)) if call_id in makers), None)
            answered.update(map(_call_id, outputs))
            if chain is None:
                chain = found[index] = []
            chain.append(index)
            for item in self.response(index).get("output") or ():
                if item.get("type") in ANSWERED_BY_APP:
                    makers[_call_id(item)] = chain
        return found

    def script(self, chain: Sequence[int], translated: Translated = lambda value: value) -> tuple[Step, ...]:
        """Return the script of a chain of creates.

        Args:
            chain: the indices of the creates.
            translated: returns an item with the simulator's ids in place of the recorded ones.

        Raises:
            ImpossibleScript: no move can express what was recorded.
        """
        return tuple(step for index in chain for step in self._moves(self._made[index], translated))

    def script_of(self, response_id: str, translated: Translated = lambda value: value) -> tuple[Step, ...]:
        """Return the script of one response, by its id; a filler if no answer shows it."""
        return tuple(self._moves(response_id, translated)) if response_id in self.last else (Reply(NOT_SHOWN),)

    def _moves(self, response_id: str, translated: Translated) -> list[Step]:
        response = self.last[response_id]
        names = {tool.get("name") for tool in response.get("tools") or ()}
        moves: list[Step] = []
        for number, item in enumerate(response.get("output") or ()):
            move = _move(translated(item), names, self._chunks(response_id, number))
            if isinstance(move, FunctionCall) and moves and isinstance(moves[-1], list):
                moves[-1].append(move)
            else:
                moves.append([move] if isinstance(move, FunctionCall) else move)
        return [*moves, *_ending(response)] or [Reply("")]

    def _chunks(self, response_id: str, output_index: int) -> list[str]:
        """Return the pieces in which a stream sent a message's text.

        [] if no whole stream shows them.
        """
        whole = (exchange for exchange in self.shown_by[response_id] if exchange.events and not _is_resumed(exchange))
        events = next((exchange.events for exchange in whole), ())
        return [
            data["delta"]
            for name, data in events
            if name == "response.output_text.delta" and data["output_index"] == output_index
        ]


def _as_far_as_shown(exchange: Interaction) -> list[Json]:
    """Return the response of a stream that was left before its end.

    With the output that came: items that were done, and the text of a message that was not.
    """
    views = views_of(exchange)
    if not exchange.events or not views or views[-1].get("status") in TERMINAL:
        return []
    found: dict[Any, Json] = {}
    texts: dict[Any, Json] = {}  # by the place of a message that is not done
    for name, data in exchange.events:
        place, item = (data.get(key) if isinstance(data, dict) else None for key in ("output_index", "item"))
        if name == "response.output_item.done" and isinstance(item, dict):
            found[place] = item
        elif name == "response.output_item.added" and isinstance(item, dict) and item.get("type") == "message":
            texts[place] = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            found[place] = item | {"content": [texts[place]]}
        elif name == "response.output_text.delta" and place in texts:
            texts[place]["text"] += data.get("delta") or ""
    return [views[-1] | {"output": list(found.values())}] if found else []


def _is_resumed(exchange: Interaction) -> bool:
    return any(name == "starting_after" for name, _ in exchange.query)


def _items(exchange: Interaction) -> list[Json]:
    body = exchange.request_json
    given = body.get("input") if isinstance(body, dict) else None
    return [{"type": "message", **item} for item in given if isinstance(item, dict)] if isinstance(given, list) else []


def _call_id(item: Json) -> str:
    return str(item.get("call_id"))


def is_plain(item: Json) -> bool:
    """Return True if a `Reply` can express an output item.

    It is a message of one text, without annotations or probabilities.
    """
    parts = item.get("content") or []
    return (
        item.get("type") == "message"
        and len(parts) == 1
        and parts[0].get("type") == "output_text"
        and not (parts[0].get("annotations") or parts[0].get("logprobs"))
    )


def _move(item: Json, names: set[Any], chunks: list[str]) -> Any:
    kind = item.get("type")
    if is_plain(item):
        text = item["content"][0]["text"]
        return Reply(text, chunks=chunks) if chunks and "".join(chunks) == text else Reply(text)
    if kind == "function_call" and item["name"] in names and "namespace" not in item:
        return FunctionCall(item["name"], item["arguments"], id=item["call_id"])
    if kind == "reasoning" and len(item["summary"]) < 2 and not item.get("content"):
        return Reason(item["summary"][0]["text"] if item["summary"] else None)
    return ResponseItem({key: value for key, value in item.items() if key != "id"})


def _ending(response: Json) -> list[Step]:
    status = response.get("status")
    if status == "incomplete":
        return [Incomplete((response.get("incomplete_details") or {}).get("reason") or "max_output_tokens")]
    if status == "failed":
        error = response.get("error") or {}
        try:
            return [Fail(error.get("code", "server_error"), error.get("message", ""))]
        except ImpossibleScript:  # a code that the move does not take
            return [Fail(message=error.get("message", ""))]
    return [] if status == "completed" else [Hang()]


def beyond_moves(exchange: Interaction) -> str:
    """Return why no script can express a create; "" if one can.

    Another reason is that the recorded answer does not belong to the request.
    """
    request = exchange.request_json if isinstance(exchange.request_json, dict) else {}
    if request.get("prompt") is not None:
        return "prompt= is not simulated"
    if request.get("moderation") is not None:
        return "moderation is not simulated"
    views = views_of(exchange)
    last = views[-1] if views else {}
    kinds = {item.get("type") for item in (*_items(exchange), *(last.get("output") or ()), *(request.get("tools") or ()))}
    if kinds & _TOOL_SEARCH:
        return "tool search is not simulated"
    if any(name.endswith("partial_image") for name, _ in exchange.events):
        return "no move makes partial images"
    asked, answered = (str(value.get("model") or "").partition("-")[0] for value in (request, last))
    if last and asked != answered:
        return "the recorded request names another model than the one that answered"
    return ""
