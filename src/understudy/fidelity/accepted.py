"""What may differ from the recordings, and why: one dated list of rules about behaviour, none about a recording.

A rule that explains nothing any more is to be taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from understudy.cassettes.interaction import Interaction
from understudy.fidelity.compare import Difference


@dataclass(frozen=True)
class Rule:
    """One reason to differ.

    Attributes:
        name: what it is called in reports.
        since: the day it was entered.
        reason: why the fake does not do what was recorded.
        fits: whether a difference of an exchange is of this kind.
    """

    name: str
    since: str
    reason: str
    fits: Callable[[Difference, Interaction], bool]


ACCEPTED: tuple[Rule, ...] = (
    Rule(
        name="the service's own failures",
        since="2026-11-22",
        reason="The service failed by itself (5xx). A fake fails only when a test tells it to, with a fault.",
        fits=lambda _, exchange: exchange.status >= 500,
    ),
)


def rule_for(difference: Difference, exchange: Interaction) -> Rule | None:
    """The rule that explains a difference; None if none does."""
    return next((rule for rule in ACCEPTED if rule.fits(difference, exchange)), None)
