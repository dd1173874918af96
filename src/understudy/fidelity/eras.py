"""When each key appeared: an older recording cannot hold what the service added later.

One dated table, from semantics.md and the recordings. `since` is the day of the oldest recording that has the key (or the
month that semantics.md gives); an answer whose newest `created_at` is older may lack it. `until` is the day of the newest
recording that still has a key the service dropped.
"""

from __future__ import annotations

from calendar import timegm
from typing import Any, NamedTuple

FOREVER = "9999-12-31"


class Era(NamedTuple):
    """A key of an object: `path` is relative to the object whose `object` field is `owner`, `[]` standing for an item."""

    owner: str
    path: str
    since: str = "2000-01-01"
    until: str = FOREVER


ERAS = (
    Era("assistant", "reasoning_effort", since="2025-03-14"),
    Era("assistant", "tools[].file_search", since="2024-10-11"),
    Era("assistant", "tools[].file_search.ranking_options.hybrid_search", since="2025-09-16"),
    Era("assistant", "tools[].function.strict", since="2024-12-01"),
    Era("thread.run", "parallel_tool_calls", since="2024-06-01"),
    Era("thread.run", "reasoning_effort", since="2025-03-14"),
    Era("thread.run", "tools[].file_search", since="2024-10-11"),
    Era("thread.run", "tools[].file_search.ranking_options.hybrid_search", since="2025-09-16"),
    Era("thread.run", "tools[].function.strict", since="2024-12-01"),
    Era("thread.run", "usage.prompt_token_details", since="2025-09-16"),
    Era("thread.run", "usage.completion_tokens_details", since="2025-09-16"),
    Era("thread.run.step", "usage.prompt_token_details", since="2025-09-16"),
    Era("thread.run.step", "usage.completion_tokens_details", since="2025-09-16"),
    Era("thread.run.step", "step_details.tool_calls[].file_search.ranking_options", since="2024-10-11"),
    Era("thread.run.step", "step_details.tool_calls[].file_search.results[].attributes", since="2025-09-16"),
    Era("file", "expires_at", since="2025-09-16"),
    Era("upload", "file.expires_at", since="2025-09-16"),
    Era("list", "first_id", since="2024-04-30"),
    Era("list", "last_id", since="2024-04-30"),
    Era("vector_store", "description", since="2025-09-16"),
    Era("vector_store.file", "attributes", since="2025-09-16"),
    Era("vector_store.file", "chunking_strategy", since="2024-10-11"),
)

_TABLE = {(era.owner, era.path): era for era in ERAS}


def _day(text: str) -> float:
    year, month, day = (int(part) for part in text.split("-"))
    return timegm((min(year, 9999), month, day, 0, 0, 0))


def not_yet(owner: str, path: str, moment: float) -> bool:
    """Whether an answer of this moment may lack a key, because the service had not added it for certain."""
    era = _TABLE.get((owner, path))
    return era is not None and moment < _day(era.since)


def no_more(owner: str, path: str, moment: float) -> bool:
    """Whether a key of an answer of this moment is one that the service has dropped since."""
    era = _TABLE.get((owner, path))
    return era is not None and era.until != FOREVER and moment < _day(era.until) + 86_400


def newest(value: Any) -> float:
    """The newest `created_at` anywhere in a value, in unix seconds; 0 when there is none."""
    if isinstance(value, dict):
        own = value.get("created_at")
        return max([own if isinstance(own, int) else 0, *map(newest, value.values())])
    if isinstance(value, list):
        return max([0, *map(newest, value)])
    return 0
