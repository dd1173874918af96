"""When each key appeared: an older recording lacks what the service added later.

The recordings themselves show it. A key is younger than a recording that lacks it when some
recording made later has it, none made earlier has it, and none made after it first appeared lacks
it. `Eras` learns that from any exchanges; `KNOWN` is what the recordings that this project was
tested against prove, for a folder of recordings that is too small to prove it.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._reconstruct.response_eras import KNOWN_OF_RESPONSES, Era
from understudy._reconstruct.session_facts import is_v1
from understudy._reconstruct.timestamps import moment_of

# Before this day the keys of many objects came in another order.
ORDER_SINCE = "2025-01-01"
RESPONSES_ORDER_SINCE = "2026-02-25"
EVENTS_ORDER_SINCE = "2026-01-02"  # of the Responses API
_FREE = frozenset(["metadata", "parameters", "schema", "arguments"])  # the keys in them are the app's own


WITHOUT_OUTPUT = "without output"  # a response that runs, or was cancelled


_SEARCHED = "step_details.tool_calls[].file_search.results[]"
_LISTED = "vector_stores.file_batches.list_files"
KNOWN = (
    # The answers with `detail` have their dates taken out; the recording's commit is of that day.
    Era("", "", "No such File object", "detail", "2026-05-28"),
    Era("assistant", "", "", "reasoning_effort", "2025-03-14"),
    Era("assistant", "tools[]", "file_search", "file_search", "2024-10-11"),
    Era("assistant", "tools[].file_search.ranking_options", "", "hybrid_search", "2025-09-16"),
    Era("file", "", "", "expires_at", "2025-09-16"),
    Era("list", "", "", "first_id", "2024-04-30"),
    Era("list", "", "", "last_id", "2024-04-30"),
    Era("thread.run", "", "", "parallel_tool_calls", "2024-06-19"),
    Era("thread.run", "", "", "reasoning_effort", "2025-09-16"),
    Era("thread.run", "tools[]", "file_search", "file_search", "2024-10-11"),
    Era("thread.run", "tools[].file_search.ranking_options", "", "hybrid_search", "2025-09-16"),
    Era("thread.run", "usage", "", "completion_tokens_details", "2025-09-16"),
    Era("thread.run", "usage", "", "prompt_token_details", "2025-01-14"),
    Era("thread.run.step", _SEARCHED, "", "attributes", "2025-09-16"),
    Era("thread.run.step", "usage", "", "completion_tokens_details", "2025-09-16"),
    Era("thread.run.step", "usage", "", "prompt_token_details", "2025-01-14"),
    Era("vector_store", "", "", "description", "2025-09-16"),
    Era("vector_store.file", "", "", "attributes", "2025-09-16", "vector_stores.files.create"),
    Era("vector_store.file", "", "", "attributes", "2025-09-16", "vector_stores.files.list"),
    Era("vector_store.file", "", "", "attributes", "2025-10-30", _LISTED),
    Era("vector_store.file", "", "", "chunking_strategy", "2024-10-11", "vector_stores.files.create"),
    Era("vector_store.file", "", "", "chunking_strategy", "2025-09-16", "vector_stores.files.list"),
    Era("vector_store.file", "", "", "chunking_strategy", "2025-10-30", _LISTED),
    Era("vector_store.file", "", "", "usage_bytes", "2025-10-30", _LISTED),
)

_Holder = tuple[str, str, str, str]  # owner, path, tag, and whose answers: of an operation, of a model; "" for all


def _day(text: str) -> int:
    year, month, day = (int(part) for part in text.split("-"))
    return timegm((year, month, day, 0, 0, 0))


def tag_of(value: dict[str, Any]) -> str:
    """Return what distinguishes two kinds of object at the same place.

    Its type, that it was deleted, which error it is.
    """
    if value.get("object") == "response" and value.get("status") in ("queued", "in_progress", "cancelled"):
        return WITHOUT_OUTPUT
    if "effort" in value:
        return "" if value["effort"] is None else "of a model that reasons"
    kind, error = value.get("type"), value.get("error")
    if isinstance(error, dict):
        return str(error.get("message")).partition(":")[0].partition("'")[0].strip()
    return kind if isinstance(kind, str) else "deleted" if "deleted" in value else ""


def owner_of(value: dict[str, Any], path: str) -> str | None:
    """Return the name of an object in a table of keys; None for part of another.

    A response in an event has other keys than one that is retrieved; an event of a response is called by its type.
    """
    kind, event = value.get("object"), value.get("type")
    if not isinstance(kind, str):
        return event if isinstance(event, str) and event.startswith("response.") and not path else None
    return f"{kind} in an event" if (kind, path) == ("response", "response") else kind


IN_BACKGROUND = " in the background"


def answer_kind(operation: str, exchange: Interaction) -> str:
    """Return the name of an answer in a table of keys.

    Streams of responses that run in the background are a kind of their own.
    """
    if not exchange.is_stream or not operation.startswith("responses."):
        return operation
    views = (data["response"] for _, data in exchange.events if isinstance(data, dict) and "response" in data)
    shown: dict[str, Any] = next(views, {})
    return f"{operation}{IN_BACKGROUND}" if shown.get("background") else operation


def model_of(exchange: Interaction) -> str:
    """Return the model of the response that an answer shows; "" if it shows none.

    The date is left out of the model's name.
    """
    values = [data.get("response") for _, data in exchange.events if isinstance(data, dict)] or [exchange.json]
    shown = (value for value in values if isinstance(value, dict) and value.get("object") == "response")
    model = next((str(value.get("model")) for value in shown), "")
    return re.sub(r"-\d{4}-\d\d-\d\d$", "", model)


@dataclass
class _Seen:
    """The moments at which one kind of object was seen at all, and with each key."""

    moments: list[float] = field(default_factory=list)
    keys: dict[str, list[float]] = field(default_factory=dict)

    def is_younger(self, key: str, moment: float) -> bool:
        """Return True if a key certainly appeared after a moment.

        It was not seen up to that moment, and never absent once it had appeared.
        """
        having = self.keys.get(key)
        if not having or min(having) <= moment:
            return False
        first = min(having)
        return len(having) == sum(seen >= first for seen in self.moments)


class Eras:
    """What recordings, and the table of known eras, prove about when keys appeared."""

    def __init__(self, sessions: Iterable[Iterable[Interaction]] = ()) -> None:
        self._seen: dict[_Holder, _Seen] = {}
        self._others: dict[tuple[str, str, str], list[_Seen]] = {}
        self._known = {(era[:4], era.operation): _day(era.since) for era in (*KNOWN, *KNOWN_OF_RESPONSES)}
        for session in sessions:
            self._learn(session)

    def is_younger(self, owner: str, path: str, tag: str, key: str, operation: str, moment: float, model: str = "") -> bool:
        """Return True if a key is younger than an answer, so that the answer may lack it.

        The answer is given by its operation, its moment (unix seconds) and its model. The
        operation's own recordings decide; where none of them has the key, those of the other
        operations do. A key that only answers of some models have may be younger than those of
        `model`.
        """
        always = ALWAYS_SINCE.get((owner, path, key))
        if always is not None and moment < _day(always):
            return True
        same = self._seen.get((owner, path, tag, model)) if model else None
        if same is not None and same.is_younger(key, moment):
            return True
        own = self._seen.get((owner, path, tag, operation))
        if own is not None and key in own.keys:
            return own.is_younger(key, moment)
        others = [seen for seen in self._others.get((owner, path, tag), ()) if key in seen.keys]
        if not others and tag == WITHOUT_OUTPUT:  # too rare to prove anything about keys that all responses have
            return self.is_younger(owner, path, "", key, operation, moment, model)
        if any(min(seen.keys[key]) <= moment for seen in others):
            return False
        if any(seen.is_younger(key, moment) for seen in others):
            return True
        row = (owner, path, tag, key)
        since = self._known.get((row, operation), self._known.get((row, model), self._known.get((row, ""), 0)))
        return moment < since

    def first_seen(self) -> list[tuple[_Holder, str, float]]:
        """Return each key that a recording made before the key first appeared lacks.

        As (holder, key, moment of its first appearance).
        """
        return [
            (holder, key, min(having))
            for holder, seen in self._seen.items()
            for key, having in seen.keys.items()
            if min(seen.moments) < min(having) and seen.is_younger(key, min(seen.moments))
        ]

    def _learn(self, session: Iterable[Interaction]) -> None:
        latest = 0.0
        for exchange in session:
            latest = max(latest, moment_of(exchange))
            if is_v1(exchange):
                continue
            operation = faces.ALL.find(exchange.method, exchange.path).operation
            name = answer_kind(operation.name if operation else "", exchange)
            moment = moment_of(exchange) or latest
            if not moment:
                continue  # an answer that does not show when it was given proves nothing
            model = model_of(exchange)
            for value in [data for _, data in exchange.events] or [exchange.json]:
                for owner, path, found in _things(value, "", ""):
                    for where in dict.fromkeys(("", name, model)):
                        self._note((owner, path, tag_of(found), where), found, moment)

    def _note(self, holder: _Holder, found: dict[str, Any], moment: float) -> None:
        seen = self._seen.get(holder)
        if seen is None:
            seen = self._seen[holder] = _Seen()
            self._others.setdefault(holder[:3], []).append(seen)
        seen.moments.append(moment)
        for key in found:
            seen.keys.setdefault(key, []).append(moment)


def _things(value: Any, owner: str, path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every JSON object in a value, with its owner and its path in that."""
    if isinstance(value, list):
        for item in value:
            yield from _things(item, owner, f"{path}[]")
    elif isinstance(value, dict):
        if (new_owner := owner_of(value, path)) is not None:
            owner, path = new_owner, ""
        yield owner, path, value
        for key, item in value.items():
            if key not in _FREE:
                yield from _things(item, owner, f"{path}.{key}" if path else key)


# Since this day the answers hold every key that the observed spec requires: what is older may be of another shape.
SETTLED_SINCE = max(era.since for era in KNOWN if era.owner)


def is_settled(moment: float) -> bool:
    """Return True if an answer of this moment has the shape of the observed spec.

    `moment`: in unix seconds; 0 if unknown.
    """
    return moment >= _day(SETTLED_SINCE)


# Values whose default changed, as the recordings show where a request set none: the path in a response, and when.
CHANGED_VALUES = (
    ("prompt_cache_retention", "2026-06-01"),
    ("tools[].parameters", "2025-07-10"),  # where strict is not given, they are made strict
)


_RESPONSE = ("response", "response in an event")
# Keys that were sent now and then, or only on request, and always since a day: owner, path, key.
ALWAYS_SINCE = {
    **{(owner, "output[]", "encrypted_content"): "2026-07-01" for owner in _RESPONSE},
    **{(f"response.output_item.{last}", "item", "encrypted_content"): "2026-07-01" for last in ("added", "done")},
    **{(owner, "reasoning", "summary"): "2025-05-01" for owner in _RESPONSE},
}
# Keys that were sent until a day: owner, path, key.
GONE_SINCE = {
    **{(owner, "reasoning", "generate_summary"): "2025-05-01" for owner in _RESPONSE},
    **{(owner, "tools[]", "filters"): "2026-04-12" for owner in _RESPONSE},
}


def was_dropped(owner: str, path: str, key: str, moment: float) -> bool:
    """Return True if the service, which no longer sends a key, still did at a moment."""
    since = GONE_SINCE.get((owner, path, key))
    return since is not None and moment < _day(since)


@cache
def changed_values(owner: str, moment: float) -> frozenset[str]:
    """Return the paths in an object whose values meant something else at a moment.

    Or whose default was another.
    """
    return frozenset(path for path, since in CHANGED_VALUES if owner in _RESPONSE and moment < _day(since))


def has_order(moment: float, *, is_response: bool = False, is_event: bool = False) -> bool:
    """Return True if the keys of an answer of this moment are in today's order.

    `is_response`: of the Responses API.
    """
    if is_response:
        return moment >= _day(EVENTS_ORDER_SINCE if is_event else RESPONSES_ORDER_SINCE)
    return moment >= _day(ORDER_SINCE)
