"""Recorded sessions of the Responses API, sent again to the simulated service, with scripts made of what they show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from understudy import FunctionCall, Reply, simulate
from understudy._apis.common import sse
from understudy._apis.responses.input_items import trailing_outputs
from understudy._common.messages import Request, Response
from understudy._engine.call_kinds.response_item import ANSWERED_BY_APP
from understudy.errors import ImpossibleScript
from understudy.scripts import Incomplete, Reason, ResponseItem

FOLDER = Path(__file__).parents[3].parent / "shared" / "recordings-responses"
SORTED_BY_THE_RECORDER = ("pydantic-pydantic-ai", "braintrustdata-braintrust-sdk-javascript")
_ID = re.compile(r"\b(?:resp|msg|fc|rs|ws|fs|ci|ig|cmp|apc|tsc|tso|cu|ctc|mcp|mcpl|mcpr|conv|cntr|item)_[0-9a-f]{20,}\b")

# Keys that the service sends only since a day (unix seconds), as the recordings show; the simulator plays August 2026. [REC]
SINCE = {
    "background": 1749000000,
    "max_tool_calls": 1751000000,
    "prompt_cache_key": 1753000000,
    "safety_identifier": 1753000000,
    "top_logprobs": 1751000000,
    "verbosity": 1754000000,
    "logprobs": 1751000000,
    "billing": 1760000000,
    "obfuscation": 1760000000,
    "sequence_number": 1748000000,
    "service_tier": 1745000000,
    "prompt_cache_retention": 1764500000,
    "completed_at": 1767000000,
    "frequency_penalty": 1769500000,
    "presence_penalty": 1769500000,
    "moderation": 1780000000,
    "tool_usage": 1782500000,
    "context": 1782500000,
    "mode": 1784000000,
    "output_schema": 1785000000,
    "cache_write_tokens": 1785500000,
    "phase": 1772000000,
    "content": 1781500000,
    "attributes": 1748000000,
    "search_content_types": 1782000000,
    "return_token_budget": 1776000000,
    "server_description": 1755000000,
    "summary": 1746000000,
    "never": 1755000000,
    "read_only": 1755000000,
    "additionalProperties": 1752100000,
}
# Keys that it sent until a day. [REC]
UNTIL = {"generate_summary": 1746000000, "filters": 1776000000}
# Values that were others until a day. [REC]
VALUES_SINCE = {"prompt_cache_retention": 1780272000, "mode": 1784000000}
# Since when the keys stand as they do now, in objects and in events. [REC]
ORDER_SINCE = 1772000000
EVENT_ORDER_SINCE = 1767300000
# What a recorder or the project's own settings have put there.
NOT_THE_SERVICES = ("[REDACTED]", "<redacted>")
_FREE = {"usage", "created_at", "completed_at", "encrypted_content", "obfuscation", "tool_usage", "billing"}


@dataclass
class Exchange:
    """One request of a session and its answer."""

    session: str
    number: int
    method: str
    path: str
    request: Any
    status: int
    body: str

    @property
    def events(self) -> list[tuple[str, Any]]:
        return sse.parse(self.body.encode()) if self.body.lstrip().startswith("event:") else []

    @property
    def response(self) -> Any:
        """The response as it ended."""
        if self.events:
            return next((d["response"] for _, d in reversed(self.events) if isinstance(d, dict) and "response" in d), None)
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@cache
def sessions() -> dict[str, list[Exchange]]:
    """Every recorded session, by its file's name."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, list[Exchange]] = {}
    for path in sorted(FOLDER.rglob("*.yaml")):
        data = yaml.load(path.read_text("utf-8"), loader)
        name = str(path.relative_to(FOLDER))
        for number, entry in enumerate(data.get("interactions") or data.get("http_interactions") or ()):
            found.setdefault(name, []).append(_exchange(name, number, entry))
    return found


def _exchange(name: str, number: int, entry: Any) -> Exchange:
    sent, got = entry["request"], entry["response"]
    status = got["status"]["code"] if isinstance(got["status"], dict) else got["status"]
    parts = urlsplit(sent.get("uri") or sent["url"])
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        request = json.loads(_text(sent.get("body")) or "null")
    except ValueError:
        request = None
    return Exchange(name, number, sent["method"].upper(), path, request, status, _text(got.get("body")))


def _text(body: Any) -> str:
    if isinstance(body, dict):
        body = body.get("string")
    return body.decode() if isinstance(body, bytes) else body or ""


# -- scripts ----------------------------------------------------------------------


def moves_of(exchange: Exchange) -> list[Any]:
    """What the model did in a recorded create, as moves."""
    response = exchange.response
    tools = {tool.get("name") for tool in exchange.request.get("tools") or ()}
    moves: list[Any] = []
    for number, item in enumerate(response["output"]):
        move = _move(item, tools, _chunks(exchange, number))
        if isinstance(move, FunctionCall) and moves and isinstance(moves[-1], list):
            moves[-1].append(move)
        else:
            moves.append([move] if isinstance(move, FunctionCall) else move)
    if response["status"] == "incomplete":
        moves.append(Incomplete(response["incomplete_details"]["reason"]))
    return moves or [Reply("")]


def _chunks(exchange: Exchange, index: int) -> list[str]:
    return [
        data["delta"]
        for name, data in exchange.events
        if name == "response.output_text.delta" and data["output_index"] == index
    ]


def _move(item: Any, tools: set[Any], chunks: list[str]) -> Any:
    kind = item["type"]
    parts = item.get("content") or []
    if kind == "message" and len(parts) == 1 and parts[0]["type"] == "output_text" and not parts[0]["annotations"]:
        text = parts[0]["text"]
        return Reply(text, chunks=chunks) if chunks and "".join(chunks) == text else Reply(text)
    if kind == "function_call" and item["name"] in tools and "namespace" not in item:
        return FunctionCall(item["name"], item["arguments"], id=item["call_id"])
    if kind == "reasoning" and len(item["summary"]) < 2 and not item.get("content"):
        return Reason(item["summary"][0]["text"] if item["summary"] else None)
    return ResponseItem({key: value for key, value in item.items() if key != "id"})


def scripts(session: list[Exchange]) -> dict[int, list[Any]]:
    """The script to set before an exchange, by its number: of a chain of tool calls, before the first of them."""
    found: dict[int, list[Any]] = {}
    makers: dict[str, list[Any]] = {}  # by call_id: the script that made the call
    for exchange in creates(session):
        moves = moves_of(exchange)
        given = exchange.request.get("input")
        items = [{"type": "message", **item} for item in given] if isinstance(given, list) else []
        outputs = trailing_outputs(items)
        script = makers.get(outputs[-1].get("call_id")) if outputs else None
        if script is None:
            script = found[exchange.number] = []
        script += moves
        for item in exchange.response["output"]:
            if item["type"] in ANSWERED_BY_APP:
                makers[item["call_id"]] = script
    return found


def creates(session: list[Exchange]) -> Iterator[Exchange]:
    """The creates that were answered with a response."""
    for exchange in session:
        is_create = exchange.method == "POST" and exchange.path.split("?")[0].endswith("/responses")
        is_answered = exchange.status == 200 and (exchange.response or {}).get("output") is not None
        if is_create and exchange.request and is_answered and not exchange.request.get("background"):
            yield exchange


# -- replaying ----------------------------------------------------------------------


@dataclass
class Outcome:
    """How a create came out: the differences, or why it could not be said."""

    exchange: Exchange
    differences: list[str]
    unsayable: str = ""


def replay(session: list[Exchange]) -> list[Outcome]:
    """Send a session's creates again."""
    wanted = list(creates(session))
    if not wanted:
        return []
    try:
        planned = scripts(session)
    except (ImpossibleScript, KeyError) as error:
        return [Outcome(exchange, [], f"{error}"[:120]) for exchange in wanted]
    outcomes: list[Outcome] = []
    bound: dict[str, str] = {}
    with simulate(strict=False, start=wanted[0].response["created_at"] - 1) as backend:
        for exchange in wanted:
            if reason := _beyond_moves(exchange):
                outcomes.append(Outcome(exchange, [], reason))
            _prepare(backend, bound, exchange)
            if exchange.number in planned:
                backend.next_run(*planned[exchange.number])
            text = _ID.sub(lambda match: bound.get(match[0], match[0]), json.dumps(exchange.request))
            headers = (("content-type", "application/json"), ("authorization", "Bearer x"))
            answer = backend.handle(Request("POST", "https://api.openai.com/v1/responses", headers, text.encode()))
            assert isinstance(answer, Response)
            body = b"".join(answer.stream) if answer.stream is not None else answer.body  # type: ignore[arg-type]
            served = Exchange(exchange.session, exchange.number, "POST", "", None, answer.status, body.decode())
            _bind(bound, exchange, served)
            if not reason:
                outcomes.append(Outcome(exchange, list(_differences(exchange, served))))
        backend.problems.clear()
    return outcomes


def _beyond_moves(exchange: Exchange) -> str:
    """Say why no script can say a create, or its recording is not what was answered; empty if neither is so."""
    request, response = exchange.request, exchange.response
    if request.get("prompt") is not None:
        return "prompt= is not simulated"
    given = request.get("input")
    kinds = {item.get("type") for item in (given if isinstance(given, list) else ())}
    kinds |= {tool["type"] for tool in request.get("tools") or ()} | {item["type"] for item in response["output"]}
    if kinds & {"tool_search", "tool_search_call", "tool_search_output", "additional_tools"}:
        return "tool search is not simulated: what it does to the tools that are echoed"
    if request.get("moderation") is not None:
        return "moderation is not simulated"
    if request["model"].partition("-")[0] != response["model"].partition("-")[0]:
        return "the recorded request names another model than the one that answered"
    if any(name.endswith("partial_image") for name, _ in exchange.events):
        return "no move makes partial images"
    return ""


def _prepare(backend: Any, bound: dict[str, str], exchange: Exchange) -> None:
    """Make what was there before the session: vector stores and conversations."""
    for tool in exchange.request.get("tools") or ():
        for store_id in tool.get("vector_store_ids") or ():
            if store_id not in bound:
                backend.add_vector_store(id=store_id)
                bound[store_id] = store_id
    conversation = exchange.request.get("conversation")
    if isinstance(conversation, dict):
        conversation = conversation["id"]
    if conversation is not None and conversation not in bound:
        backend.add_conversation(id=conversation)
        bound[conversation] = conversation


def _bind(bound: dict[str, str], exchange: Exchange, served: Exchange) -> None:
    if served.status != 200 or served.response is None:
        return
    bound[exchange.response["id"]] = served.response["id"]
    for old, new in zip(exchange.response["output"], served.response["output"], strict=False):
        if "id" in old and "id" in new:
            bound[old["id"]] = new["id"]


def _differences(exchange: Exchange, served: Exchange) -> Iterator[str]:
    if served.status != 200:
        yield f"status {served.status}: {' '.join(served.body.split())[:200]}"
        return
    ordered = not exchange.session.startswith(SORTED_BY_THE_RECORDER)
    at = exchange.response["created_at"]
    if not exchange.events:
        yield from _compare(exchange.response, served.response, "", at, ordered=ordered)
        return
    names, served_names = [name for name, _ in exchange.events], [name for name, _ in served.events]
    if _told(names) != _told(served_names):
        yield "events: " + " ".join(_told(names)) + " // " + " ".join(_told(served_names))
        return
    last, served_last = exchange.events[-1][1], served.events[-1][1]
    yield from _compare(last["response"], served_last["response"], "", at, ordered=ordered)
    yield from _compare(
        exchange.events[0][1], served.events[0][1], "created", at, ordered=ordered and at > EVENT_ORDER_SINCE
    )


def _told(names: list[str]) -> list[str]:
    """Names of events; how often a delta comes is the model's."""
    return [name for number, name in enumerate(names) if not (name.endswith(".delta") and names[number - 1] == name)]


def _compare(old: Any, new: Any, path: str, at: int, *, ordered: bool) -> Iterator[str]:
    """Compare two JSON values key by key. `at`: when the recording was made."""
    if isinstance(old, str) and any(mark in old for mark in NOT_THE_SERVICES):
        return
    name = path.rpartition(".")[2]
    if at < VALUES_SINCE.get(name, 0):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_objects(old, new, path, at, ordered=ordered)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _compare(one, other, f"{path}[]", at, ordered=ordered)
    elif isinstance(old, str) and isinstance(new, str):
        if _ID.sub("ID", old) != _ID.sub("ID", new):
            yield f"{path}: {old[:60]!r} served {new[:60]!r}"
    elif old != new or (type(old) is not type(new) and ordered):
        yield f"{path}: {old!r:.80} served {new!r:.80}"


def _compare_objects(old: Any, new: Any, path: str, at: int, *, ordered: bool) -> Iterator[str]:
    for key in old.keys() | new.keys():
        if (key in _FREE and key in old and key in new) or (key == "store" and path in ("", "created.response")):
            continue  # a project that keeps nothing echoes store: false unasked
        if key in old and key in new:
            yield from _compare(old[key], new[key], f"{path}.{key}", at, ordered=ordered)
        elif key in new and at >= SINCE.get(key, 0):
            yield f"{path}.{key}: only served"
        elif key in old and at >= UNTIL.get(key, 0):
            yield f"{path}.{key}: only recorded"
    shared = [key for key in old if key in new]
    if ordered and at > ORDER_SINCE and shared != [key for key in new if key in old]:
        yield f"{path}: order {shared}"
