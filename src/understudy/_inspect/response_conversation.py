"""Conversations of the Responses API, as a recording shows them.

An app continues a conversation in one of three ways: by `conversation`, by `previous_response_id`, or by sending all that
was said again. All three come down to one question: which known history does the new request begin with?
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy._apis import faces
from understudy._cassettes import Interaction
from understudy._inspect.conversation_entry import ConversationEntry, compact, error_text, text_of_parts, tokens_of
from understudy._reconstruct.session_facts import Json

_Key = tuple[str, str, str]  # identifies an item when it is sent again
_OVER = frozenset({"completed", "failed", "incomplete", "cancelled"})
_ENDS = frozenset(f"response.{status}" for status in _OVER)


@dataclass(frozen=True)
class _Item:
    """One item, with the key that it is recognised by when it is sent again.

    The key is None for what an app may omit from the history it sends.
    """

    key: _Key | None
    kind: str
    parts: dict[str, str]


@dataclass
class _History:
    """One conversation so far."""

    name: str
    keys: list[_Key] = field(default_factory=list)
    entries: list[ConversationEntry] = field(default_factory=list)
    instructions: str = ""

    def add(self, items: Iterable[_Item], exchange: int) -> None:
        for item in items:
            self.keys += [item.key] if item.key is not None else []
            self.note(item.kind, exchange, **item.parts)

    def note(self, kind: str, exchange: int, **parts: Any) -> None:
        self.entries.append(ConversationEntry(kind=kind, conversation=self.name, exchange=exchange, **parts))


class ResponseConversations:
    """The conversations of a recording."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self._histories: list[_History] = []
        self._after: dict[str, tuple[_History, list[_Key]]] = {}  # by response: its conversation, and what was said by then
        self._pending: dict[str, _History] = {}  # by response: the conversation of one whose output no answer has shown yet
        for exchange in interactions:
            self._read(exchange)

    def entries(self) -> list[ConversationEntry]:
        """Return what was said in each conversation, in its order.

        Empty for a recording without responses.
        """
        return [entry for history in self._histories for entry in history.entries]

    def _read(self, exchange: Interaction) -> None:
        operation, ids = faces.ALL.find(exchange.method, exchange.path)[:2]
        name = operation.name if operation is not None else ""
        body = exchange.request_json if isinstance(exchange.request_json, dict) else {}
        if name == "responses.create":
            self._created(exchange, body)
        elif name in ("responses.retrieve", "responses.cancel"):
            self._shown(exchange, response_in(exchange))
        elif name.startswith("conversations.") and exchange.status < 400 and isinstance(exchange.json, dict):
            self._listed(exchange, ids.get("conversation_id") or str(exchange.json.get("id") or ""), body)

    def _created(self, exchange: Interaction, body: Json) -> None:
        response = response_in(exchange)
        response_id = str((response or {}).get("id") or f"exchange #{exchange.index}")
        given = list(items_of(body.get("input"), "user"))
        history, new = self._placed(body, given, response_id)
        instructions = body.get("instructions")
        if isinstance(instructions, str) and instructions != history.instructions:
            history.instructions = instructions
            history.note("instructions", exchange.index, text=instructions)
        history.add(new, exchange.index)
        if response is None:
            said = error_text(exchange.json)
            status = f"{exchange.status} {said}".strip()
            history.note("outcome", exchange.index, name="refused" if exchange.status >= 400 else "lost", text=status)
            return
        self._pending[response_id] = history
        self._after[response_id] = history, list(history.keys)
        self._shown(exchange, response)

    def _placed(self, body: Json, given: list[_Item], response_id: str) -> tuple[_History, list[_Item]]:
        """Return the conversation that a request continues, and its new items."""
        named = body.get("conversation")
        name = named.get("id") if isinstance(named, dict) else named
        if isinstance(name, str):
            return self._named(name), given
        previous = self._after.get(str(body.get("previous_response_id")))
        before = previous[1] if previous is not None else []
        full = [*before, *(item.key for item in given if item.key is not None)]
        fitting = [one for one in self._histories if one.keys and full[: len(one.keys)] == one.keys]
        if not fitting:
            history = _History(response_id, list(before))
            self._histories.append(history)
            return history, given
        history = max(fitting, key=lambda one: len(one.keys))
        known = len(history.keys) - len(before)
        return history, _after_keys(given, known)

    def _named(self, name: str) -> _History:
        for history in self._histories:
            if history.name == name:
                return history
        self._histories.append(_History(name))
        return self._histories[-1]

    def _shown(self, exchange: Interaction, response: Json | None) -> None:
        """Add what a response says, once it is over."""
        response_id = str((response or {}).get("id"))
        if response is None or response_id not in self._pending:
            return
        status = response.get("status") or "completed"
        if status in _OVER:
            history = self._pending.pop(response_id)
            history.add(items_of(response.get("output"), "assistant"), exchange.index)
            self._after[response_id] = history, list(history.keys)
            text, tokens = _reason(response), tokens_of(response.get("usage"))
            history.note("outcome", exchange.index, name=status, text=text, tokens=tokens)

    def _listed(self, exchange: Interaction, conversation: str, body: Json) -> None:
        """Add the items that were added to a conversation, or that only a list shows."""
        history = self._named(conversation)
        items = body.get("items") if not exchange.is_read else (exchange.json or {}).get("data")
        newest_first = exchange.is_read and dict(exchange.query).get("order", "desc") == "desc"
        found = list(items_of(items[::-1] if newest_first and isinstance(items, list) else items, "user"))
        known = [*history.keys]
        fresh = []
        for item in found:
            if item.key is not None and item.key in known:
                known.remove(item.key)
            elif item.key is not None or not exchange.is_read:
                fresh.append(item)
        history.add(fresh, exchange.index)


def response_in(exchange: Interaction) -> Json | None:
    """Return the response that an answer shows; None if it shows none.

    From a stream, as far as it came.
    """
    if exchange.is_stream:
        return _streamed(exchange.events)
    shown = exchange.json
    return shown if isinstance(shown, dict) and shown.get("object") == "response" else None


def _streamed(events: Sequence[tuple[str, Any]]) -> Json | None:
    last: Json | None = None
    done: list[Json] = []
    for name, data in events:
        if not isinstance(data, dict):
            continue
        if isinstance(data.get("response"), dict):
            last = data["response"]
        if (name or data.get("type")) == "response.output_item.done" and isinstance(data.get("item"), dict):
            done.append(data["item"])
    if last is not None and not last.get("output"):
        last = last | {"output": done}
    if last is not None and not any((name or data.get("type")) in _ENDS for name, data in events if isinstance(data, dict)):
        return last | {"status": "incomplete", "incomplete_details": {"reason": "the stream ends here"}}
    return last


def _reason(response: Json) -> str:
    error = response.get("error") or {}
    reason = (response.get("incomplete_details") or {}).get("reason") or ""
    return ": ".join(filter(None, [error.get("code"), error.get("message"), reason]))


def output_entries(output: Any) -> list[ConversationEntry]:
    """Return the entries of one response's output, outside of any conversation."""
    history = _History("")
    history.add(items_of(output, "assistant"), 0)
    return history.entries


def items_of(value: Any, role: str) -> Iterator[_Item]:
    """Yield the items of an input or an output.

    `role`: the role of a plain text.
    """
    if isinstance(value, str):
        yield _Item(("message", role, value), role, {"text": value})
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield from _items(item, role)


def _items(item: Json, role: str) -> Iterator[_Item]:
    kind = str(item.get("type") or "message")
    call_id = str(item.get("call_id") or item.get("id") or "")
    if kind == "message":
        text, said_by = text_of_parts(item.get("content")), str(item.get("role") or role)
        yield _Item(("message", said_by, text), said_by, {"text": text})
    elif kind == "reasoning":
        yield _Item(None, "reasoning", {"text": _thoughts(item)})
    elif kind.endswith("_output"):
        yield _Item(("output", call_id, ""), "output", {"text": _output(item.get("output")), "call_id": call_id})
    elif kind.endswith("_call"):
        name, text = _called(kind, item)
        yield _Item(("call", call_id, ""), "call", {"name": name, "text": text, "call_id": call_id})
        returned = _returned(item)
        if returned:
            yield _Item(None, "output", {"text": returned, "call_id": call_id})
    else:
        yield _Item(None, "item", {"name": kind})


def _called(kind: str, item: Json) -> tuple[str, str]:
    """Return the name of what is called, and its arguments.

    Each of the service's own tools has its own key for that.
    """
    keys = ("arguments", "input", "code", "queries", "action", "operation")
    sent = next((item[key] for key in keys if item.get(key)), "")
    return str(item.get("name") or kind.removesuffix("_call")), compact(sent)


def _returned(item: Json) -> str:
    """Return what a call of one of the service's tools returned, if the item says so."""
    results = item.get("results")
    if isinstance(results, list):
        return ", ".join(str(one.get("filename") or one.get("file_id")) for one in results if isinstance(one, dict))
    outputs = item.get("outputs")
    if isinstance(outputs, list):
        return "".join(one.get("logs") or f"[{one.get('type')}]" for one in outputs if isinstance(one, dict))
    return _output(item.get("output"))


def _output(output: Any) -> str:
    if isinstance(output, list):
        return text_of_parts(output)
    return "" if output is None else compact(output)


def _thoughts(item: Json) -> str:
    said = text_of_parts(item.get("summary")) or text_of_parts(item.get("content"))
    return said or ("(encrypted)" if item.get("encrypted_content") else "(no summary)")


def _after_keys(items: list[_Item], known: int) -> list[_Item]:
    """Return the items after the first `known` that have a key."""
    for number, item in enumerate(items):
        if known <= 0:
            return items[number:]
        known -= item.key is not None
    return []
