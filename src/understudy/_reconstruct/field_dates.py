"""When each key appeared: an older recording cannot hold what the service added later.

One dated table, from the contract's facts and the recordings. `since` is the day of the oldest recording that has the key,
or the month that the contract gives; an answer that is older (by its newest `created_at`) may lack it. It may have it, too.
"""

from __future__ import annotations

from calendar import timegm
from typing import NamedTuple

# Before this day the keys of many objects came in another order.
ORDER_SINCE = "2025-01-01"


class Era(NamedTuple):
    """A key of an object: `path` is relative to the object whose `object` field is `owner`, `[]` standing for an item.

    `operation`: only in the answers of this one; "" for all.
    """

    owner: str
    path: str
    since: str
    operation: str = ""


ERAS = (
    Era("assistant", "reasoning_effort", since="2025-03-14"),
    Era("assistant", "tools[].file_search", since="2024-10-11"),
    Era("assistant", "tools[].file_search.ranking_options.hybrid_search", since="2025-09-16"),
    Era("assistant", "tools[].function.strict", since="2024-12-01"),
    Era("thread.run", "parallel_tool_calls", since="2024-06-19"),
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
    *(
        Era("vector_store.file", key, since="2025-10-30", operation="vector_stores.file_batches.list_files")
        for key in ("usage_bytes", "chunking_strategy", "attributes")
    ),
    Era("", "detail", since="2026-05-28"),  # beside `error` where a file is not found
)

_TABLE = {(era.owner, era.path, era.operation): era for era in ERAS}


def _day(text: str) -> int:
    year, month, day = (int(part) for part in text.split("-"))
    return timegm((year, month, day, 0, 0, 0))


# Since this day the answers hold every key that the observed spec requires: what is older may be of another shape.
SETTLED_SINCE = max(era.since for era in ERAS if era.owner)


def is_settled(moment: float) -> bool:
    """Whether an answer of this moment (unix seconds; 0: unknown) has the shape of the observed spec."""
    return moment >= _day(SETTLED_SINCE)


def not_yet(owner: str, path: str, operation: str, moment: float) -> bool:
    """Whether an answer of this moment may lack a key, because the service had not added it for certain."""
    eras = (_TABLE.get((owner, path, operation)), _TABLE.get((owner, path, "")))
    return any(era is not None and moment < _day(era.since) for era in eras)


def has_order(moment: float) -> bool:
    """Whether the keys of an answer of this moment stood in today's order."""
    return moment >= _day(ORDER_SINCE)
