"""The groups of what can be met, and what a thing in each is called: those who count and those who list agree on it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from understudy._apis.error_texts import REFUSALS

STATUSES, TRANSITIONS, STEP_TYPES, OUTCOMES = "statuses", "transitions", "step types", "outcomes"
EVENTS, OPERATIONS, ERRORS, FAULTS = "stream events", "operations", "errors", "faults"
LIFECYCLE = (STATUSES, TRANSITIONS, STEP_TYPES, OUTCOMES)  # what the percentage counts
BESIDE = (EVENTS, FAULTS, ERRORS, OPERATIONS)


def transition(source: str, target: str) -> str:
    return f"{source} -> {target}"


def step_type(kind: str, call: str = "") -> str:
    return f"{kind}: {call}" if call else kind


def outcome(status: str, reason: str) -> str:
    return f"{status}: {reason}"


def fault(kind: str, phase: str) -> str:
    return f"{kind}, {phase}"


def refusal(name: str) -> str:
    """An error answer of the table of refusals."""
    return f"{REFUSALS[name].status} {name}"


def error(status: int, body: Any) -> str:
    """An error answer: the refusal with this text; else its status, and its code if it has one."""
    details = body.get("error") if isinstance(body, dict) else None
    details = details if isinstance(details, dict) else {}
    text = details.get("message")
    for name, pattern in _texts().items():
        if REFUSALS[name].status == status and isinstance(text, str) and pattern.fullmatch(text):
            return refusal(name)
    return f"{status} {details.get('code') or ''}".strip()


@cache
def _texts() -> dict[str, re.Pattern[str]]:
    """What each refusal's text looks like, those first that leave the least open."""
    order = sorted(REFUSALS, key=lambda name: -len(re.sub(r"\{\w+\}", "", REFUSALS[name].message)))
    return {name: re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(REFUSALS[name].message)), re.DOTALL) for name in order}
