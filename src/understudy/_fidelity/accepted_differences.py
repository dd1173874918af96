"""What may differ from the recordings, and why: one dated list of rules about behaviour, none about a recording.

A rule that explains nothing any more is to be taken out.
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
        name: what it is called in reports.
        since: the day it was entered.
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
    """How many of the listed objects were made within a minute of the newest."""
    stamps = [item["created_at"] for item in page["data"]]
    return sum(stamp > max(stamps) - 60 for stamp in stamps)


def _wrong_key(_: Mismatch, outcome: Outcome) -> bool:
    return outcome.exchange.status == 401


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
        "later ones: the service's index lagged. A fake that lost what was just stored would help nobody.",
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
)


def rule_for(difference: Mismatch, outcome: Outcome) -> AcceptedDifference | None:
    """The rule that explains a difference; None if none does."""
    return next((rule for rule in ACCEPTED if rule.fits(difference, outcome)), None)
