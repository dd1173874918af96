"""When each key appeared: an older recording cannot hold what the service added later.

Recordings tell it themselves. A key is younger than a recording that lacks it when some recording made later has it, none
made earlier has it, and none made after it first appeared lacks it. `Eras` learns that from any exchanges; `KNOWN` is what
the recordings that this project was tested against prove, for a folder of recordings that is too small to prove it.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._reconstruct.session_facts import is_v1
from understudy._reconstruct.timestamps import moment_of

# Before this day the keys of many objects came in another order.
ORDER_SINCE = "2025-01-01"
_FREE = frozenset(["metadata", "parameters", "schema", "arguments"])  # the keys in them are the app's own


class Era(NamedTuple):
    """A key of an object, and when it was there first.

    Attributes:
        owner: the `object` field of the object it is in; "" outside of any.
        path: the path of what has the key, relative to that object, `[]` standing for an item; "" for the object itself.
        tag: what kind of thing that is, see `tag_of`.
        key: the key.
        since: a day in ISO form.
        operation: only in the answers of this one; "" for all.
    """

    owner: str
    path: str
    tag: str
    key: str
    since: str
    operation: str = ""


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

_Holder = tuple[str, str, str, str]  # owner, path, tag, operation


def _day(text: str) -> int:
    year, month, day = (int(part) for part in text.split("-"))
    return timegm((year, month, day, 0, 0, 0))


def tag_of(value: dict[str, Any]) -> str:
    """What tells two kinds of thing apart that stand at the same place: its type, that it was deleted, which error it is."""
    kind, error = value.get("type"), value.get("error")
    if isinstance(error, dict):
        return str(error.get("message")).partition(":")[0].partition("'")[0].strip()
    return kind if isinstance(kind, str) else "deleted" if "deleted" in value else ""


@dataclass
class _Seen:
    """What was seen of one kind of thing: when it was seen at all, and when with each key."""

    moments: list[float] = field(default_factory=list)
    keys: dict[str, list[float]] = field(default_factory=dict)

    def is_younger(self, key: str, moment: float) -> bool:
        """Whether a key came after a moment for certain: not seen up to it, and never absent once it was there."""
        having = self.keys.get(key)
        if not having or min(having) <= moment:
            return False
        first = min(having)
        return len(having) == sum(seen >= first for seen in self.moments)


class Eras:
    """What some recordings, and the table of known eras, prove about when keys appeared."""

    def __init__(self, sessions: Iterable[Iterable[Interaction]] = ()) -> None:
        self._seen: dict[_Holder, _Seen] = {}
        self._known = {(era[:4], era.operation): _day(era.since) for era in KNOWN}
        for session in sessions:
            self._learn(session)

    def is_younger(self, owner: str, path: str, tag: str, key: str, operation: str, moment: float) -> bool:
        """Whether a key is younger than an answer of this moment to this operation, so that it may lack it.

        The operation's own recordings decide; where none of them has the key, those of the other operations do.
        """
        own = self._seen.get((owner, path, tag, operation))
        if own is not None and key in own.keys:
            return own.is_younger(key, moment)
        others = [seen for holder, seen in self._seen.items() if holder[:3] == (owner, path, tag) and key in seen.keys]
        if any(min(seen.keys[key]) <= moment for seen in others):
            return False
        if any(seen.is_younger(key, moment) for seen in others):
            return True
        row = (owner, path, tag, key)
        since = self._known.get((row, operation), self._known.get((row, ""), 0))
        return moment < since

    def first_seen(self) -> list[tuple[_Holder, str, float]]:
        """Each key that some recording lacks, made before the first that has it: its holder, the key and that moment."""
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
            name = operation.name if operation else ""
            moment = moment_of(exchange) or latest
            if not moment:
                continue  # an answer that does not show when it was given proves nothing
            for value in [data for _, data in exchange.events] or [exchange.json]:
                for owner, path, held in _things(value, "", ""):
                    for where in dict.fromkeys(("", name)):
                        self._note((owner, path, tag_of(held), where), held, moment)

    def _note(self, holder: _Holder, held: dict[str, Any], moment: float) -> None:
        seen = self._seen.setdefault(holder, _Seen())
        seen.moments.append(moment)
        for key in held:
            seen.keys.setdefault(key, []).append(moment)


def _things(value: Any, owner: str, path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every JSON object in a value, with its owner and its path in that."""
    if isinstance(value, list):
        for item in value:
            yield from _things(item, owner, f"{path}[]")
    elif isinstance(value, dict):
        if isinstance(value.get("object"), str):
            owner, path = value["object"], ""
        yield owner, path, value
        for key, item in value.items():
            if key not in _FREE:
                yield from _things(item, owner, f"{path}.{key}" if path else key)


# Since this day the answers hold every key that the observed spec requires: what is older may be of another shape.
SETTLED_SINCE = max(era.since for era in KNOWN if era.owner)


def is_settled(moment: float) -> bool:
    """Whether an answer of this moment (unix seconds; 0: unknown) has the shape of the observed spec."""
    return moment >= _day(SETTLED_SINCE)


def has_order(moment: float) -> bool:
    """Whether the keys of an answer of this moment stood in today's order."""
    return moment >= _day(ORDER_SINCE)
