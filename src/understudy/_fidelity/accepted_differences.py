"""The accepted differences from the recordings, each with its reason.

One dated list of rules about behaviour, none about a single recording.

Take a rule out when it no longer explains anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from understudy._fidelity.compare import Mismatch
from understudy._fidelity.runner import Outcome
from understudy._reconstruct.timestamps import moment_of


@dataclass(frozen=True)
class AcceptedDifference:
    """One reason to differ.

    Attributes:
        name: its name in reports.
        since: the day it was entered, as YYYY-MM-DD.
        reason: why the fake does not do what was recorded.
        fits: whether a difference in an outcome is of this kind.
    """

    name: str
    since: str
    reason: str
    fits: Callable[[Mismatch, Outcome], bool]


def _failed_by_itself(_: Mismatch, outcome: Outcome) -> bool:
    return outcome.exchange.status >= 500


def _indexing(difference: Mismatch, outcome: Outcome) -> bool:
    states = {difference.recorded, difference.served} if difference.within == "status" else set()
    return difference.owner == "vector_store.file" and states == {"in_progress", "completed"} and _is_list(outcome)


def _late_listing(_: Mismatch, outcome: Outcome) -> bool:
    if outcome.operation != "vector_stores.list" or outcome.served is None:
        return False
    recorded, served = (_young(page) for page in (outcome.exchange.json, outcome.served.json))
    return recorded < served


def _reversed_ties(difference: Mismatch, outcome: Outcome) -> bool:
    if outcome.operation != "vector_stores.file_batches.list_files" or moment_of(outcome.exchange) >= OCTOBER_2025:
        return False
    return difference.kind in ("id", "length") or difference.within in ("has_more", "first_id", "last_id")


def _is_list(outcome: Outcome) -> bool:
    return outcome.operation in ("vector_stores.files.list", "vector_stores.file_batches.list_files")


def _young(page: Any) -> int:
    """Count the listed objects made within a minute of the newest."""
    stamps = [item["created_at"] for item in page["data"]]
    return sum(stamp > max(stamps) - 60 for stamp in stamps)


def _wrong_key(_: Mismatch, outcome: Outcome) -> bool:
    return outcome.exchange.status == 401


def _kept_nowhere(difference: Mismatch, outcome: Outcome) -> bool:
    is_theirs = difference.owner.startswith("response") and outcome.operation.startswith("responses.")
    return is_theirs and difference.within == "store" and difference.recorded is False


def _tier(difference: Mismatch, _: Outcome) -> bool:
    return difference.within == "service_tier" and {difference.recorded, difference.served} == {"auto", "default"}


def _undated_model(difference: Mismatch, _: Outcome) -> bool:
    return difference.within == "model" and str(difference.served).startswith(f"{difference.recorded}-20")


def _behind_an_address(_: Mismatch, outcome: Outcome) -> bool:
    error = outcome.exchange.json.get("error") if isinstance(outcome.exchange.json, dict) else None
    return isinstance(error, dict) and error.get("code") == "unsupported_file"


def _names_its_dialect(difference: Mismatch, _: Outcome) -> bool:
    served = difference.served if isinstance(difference.served, dict) else {}
    return "$schema" in served and {key: served[key] for key in served if key != "$schema"} == difference.recorded


def _side_by_side(difference: Mismatch, outcome: Outcome) -> bool:
    listings = [name for name, _ in outcome.exchange.events if name == "response.mcp_list_tools.in_progress"]
    return len(listings) > 1 and difference.path.startswith("events[")


def _shapeless_id(difference: Mismatch, outcome: Outcome) -> bool:
    return outcome.operation == "conversations.items.retrieve" and difference.within == "error.message"


OCTOBER_2025 = 1_759_276_800

ACCEPTED: tuple[AcceptedDifference, ...] = (
    AcceptedDifference(
        name="the service's own failures",
        since="2026-11-22",
        reason="The service failed by itself (5xx). A fake fails only when a test tells it to, with a fault.",
        fits=_failed_by_itself,
    ),
    AcceptedDifference(
        name="which file is indexed first",
        since="2026-11-22",
        reason="Of several files that are indexed side by side some were done earlier than others, in no order that the "
        "recordings explain. The fake takes the same second for each, so a list never shows them mixed.",
        fits=_indexing,
    ),
    AcceptedDifference(
        name="a store is listed late",
        since="2026-11-22",
        reason="A list of vector stores asked for within seconds of their creation lacked some of them, and had the "
        "later ones: the service's index lagged. A fake that lost what was just stored would not help tests.",
        fits=_late_listing,
    ),
    AcceptedDifference(
        name="files of one second in a batch",
        since="2026-11-22",
        reason="Until September 2025 the files of a batch that were made in the same second came in opposite orders for asc "
        "and desc; since October 2025 in the order of their ids for both. The fake does what the service did last.",
        fits=_reversed_ties,
    ),
    AcceptedDifference(
        name="a wrong key",
        since="2026-11-26",
        reason="The service refused the key (401). The fake takes every key but an empty one: tests have no real key.",
        fits=_wrong_key,
    ),
    AcceptedDifference(
        name="a project that keeps nothing",
        since="2026-11-27",
        reason="The project keeps no data, so that its answers say `store: false` unasked. In the foreground the fake is "
        "sent that with the request. What runs in the background is kept for some minutes all the same: the fake stores it.",
        fits=_kept_nowhere,
    ),
    AcceptedDifference(
        name="the tier of a web search",
        since="2026-11-27",
        reason="Four answers to web searches of one day say `auto` to the end, where all others say `default`. The fake "
        "says `auto` while a response runs and `default` when it is over.",
        fits=_tier,
    ),
    AcceptedDifference(
        name="a model without its date",
        since="2026-11-27",
        reason="A model that was not released yet (March 2025) was echoed by its bare name. The fake names the release.",
        fits=_undated_model,
    ),
    AcceptedDifference(
        name="what an address leads to",
        since="2026-11-27",
        reason="The service fetched a file by its URL and refused what it held. The fake opens no connection.",
        fits=_behind_an_address,
    ),
    AcceptedDifference(
        name="the dialect of a schema",
        since="2026-11-27",
        reason="In April 2026 the parameters of a function were echoed without their `$schema`; since August they keep it, "
        "and so does the fake.",
        fits=_names_its_dialect,
    ),
    AcceptedDifference(
        name="tools listed side by side",
        since="2026-11-27",
        reason="Of several MCP servers all are asked for their tools at once, and their events come as the servers answer. "
        "The fake performs one item after the other.",
        fits=_side_by_side,
    ),
    AcceptedDifference(
        name="an item's id that has another shape",
        since="2026-11-27",
        reason="Asked for an item by an id of a made-up shape, the service named it twice over (`msg_msg_x…x…`). "
        "The fake repeats it as it came.",
        fits=_shapeless_id,
    ),
)


def rule_for(difference: Mismatch, outcome: Outcome) -> AcceptedDifference | None:
    """Return the rule that explains a difference; None if none does."""
    return next((rule for rule in ACCEPTED if rule.fits(difference, outcome)), None)
