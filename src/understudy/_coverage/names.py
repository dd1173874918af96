"""The groups of targets, and the name of each target.

Collector and tables agree on these names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from understudy._apis.error_texts import REFUSALS, Refusal

STATUSES, TRANSITIONS, STEP_TYPES, OUTCOMES = "statuses", "transitions", "step types", "outcomes"
EVENTS, OPERATIONS, ERRORS, FAULTS = "stream events", "operations", "errors", "faults"
LIFECYCLE = (STATUSES, TRANSITIONS, STEP_TYPES, OUTCOMES)  # the groups that the percentage counts
BESIDE = (EVENTS, FAULTS, ERRORS, OPERATIONS)

RESPONSE_STATUSES, RESPONSE_TRANSITIONS = "response statuses", "response transitions"
ITEM_TYPES, RESPONSE_OUTCOMES = "item types", "response outcomes"
RESPONSE_EVENTS, RESPONSE_ERRORS, RESPONSE_OPERATIONS = "response events", "response errors", "response operations"
LIFECYCLE_OF_RESPONSES = (RESPONSE_STATUSES, RESPONSE_TRANSITIONS, ITEM_TYPES, RESPONSE_OUTCOMES)
BESIDE_RESPONSES = (RESPONSE_EVENTS, FAULTS, RESPONSE_ERRORS, RESPONSE_OPERATIONS)


def transition(source: str, target: str) -> str:
    return f"{source} -> {target}"


def step_type(kind: str, call: str = "") -> str:
    return f"{kind}: {call}" if call else kind


def outcome(status: str, reason: str) -> str:
    return f"{status}: {reason}"


def fault(kind: str, phase: str) -> str:
    return f"{kind}, {phase}"


def refusal(name: str, refusals: Mapping[str, Refusal] = REFUSALS) -> str:
    """Return the name of an error answer in the table of refusals."""
    return f"{refusals[name].status} {name}"


def error(status: int, body: Any, refusals: Mapping[str, Refusal] = REFUSALS) -> str:
    """Return the name of an error answer.

    That of the refusal with this text; else its status, and its code if it has one.
    """
    details = body.get("error") if isinstance(body, dict) else None
    details = details if isinstance(details, dict) else {}
    text = details.get("message")
    for name, pattern in _texts(id(refusals), refusals).items():
        if refusals[name].status == status and isinstance(text, str) and pattern.fullmatch(text):
            return refusal(name, refusals)
    return f"{status} {details.get('code') or ''}".strip()


_KNOWN: dict[int, dict[str, re.Pattern[str]]] = {}  # by the table's identity: a pattern of each refusal's text


def _texts(table: int, refusals: Mapping[str, Refusal]) -> dict[str, re.Pattern[str]]:
    """Return a pattern of each refusal's text, the most specific first."""
    if table not in _KNOWN:
        texts = {name: one.message for name, one in refusals.items()}
        order = sorted(texts, key=lambda name: -len(re.sub(r"\{\w+\}", "", texts[name])))
        _KNOWN[table] = {name: re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(texts[name])), re.DOTALL) for name in order}
    return _KNOWN[table]
