"""The score of a fidelity run, added up per operation.

Each exchange agreed, differed with an accepted reason, or differed without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from understudy._fidelity.accepted_differences import AcceptedDifference, rule_for
from understudy._fidelity.compare import Mismatch, is_of_responses
from understudy._fidelity.runner import Outcome


@dataclass
class AgreementCounts:
    """Counts of exchanges: agreed, explained by the list, unexplained, left out."""

    agreed: int = 0
    explained: int = 0
    unexplained: int = 0
    left_out: int = 0

    @property
    def total(self) -> int:
        return self.agreed + self.explained + self.unexplained


_COUNTS = ("agreed", "explained", "unexplained", "left_out")


@dataclass
class Score:
    """The score of a whole run.

    Attributes:
        operations: a tally per operation.
        rules: how many exchanges each rule of the list explains.
        findings: what nothing explains: (session, outcome, difference).
    """

    operations: dict[str, AgreementCounts] = field(default_factory=dict)
    rules: Counter[AcceptedDifference] = field(default_factory=Counter)
    findings: list[tuple[str, Outcome, Mismatch]] = field(default_factory=list)

    def add(self, session: str, outcomes: Iterable[Outcome]) -> None:
        """Count the outcomes of one session."""
        for outcome in outcomes:
            tally = self.operations.setdefault(outcome.operation, AgreementCounts())
            if outcome.left_out:
                tally.left_out += 1
                continue
            rules = [rule_for(difference, outcome) for difference in outcome.differences]
            if not rules:
                tally.agreed += 1
            elif None not in rules:
                tally.explained += 1
            else:
                tally.unexplained += 1
            self.rules.update({rule for rule in rules if rule is not None})
            pairs = zip(outcome.differences, rules, strict=True)
            self.findings += [(session, outcome, difference) for difference, rule in pairs if rule is None]

    @classmethod
    def sum(cls, scores: Iterable[Score]) -> Score:
        """Return several scores as one."""
        total = cls()
        for score in scores:
            total.rules.update(score.rules)
            total.findings += score.findings
            for name, tally in score.operations.items():
                counts = total.operations.setdefault(name, AgreementCounts())
                total.operations[name] = AgreementCounts(*(getattr(counts, key) + getattr(tally, key) for key in _COUNTS))
        return total

    def of_face(self, face: str) -> Score:
        """Return the part of one face.

        The operations of the Responses API, or (`assistants`) all others.
        """
        is_wanted = {name: is_of_responses(name) == (face == "responses") for name in self.operations}
        tallies = {name: tally for name, tally in self.operations.items() if is_wanted[name]}
        found = [finding for finding in self.findings if is_wanted[finding[1].operation]]
        return Score(operations=tallies, findings=found)

    @property
    def whole(self) -> AgreementCounts:
        tallies = self.operations.values()
        return AgreementCounts(*(sum(getattr(tally, name) for tally in tallies) for name in _COUNTS))

    @property
    def percent(self) -> float:
        """Return the share of exchanges that agreed, in percent.

        Of all that were sent; cut, not rounded, to one place.
        """
        whole = self.whole
        return int(1000 * whole.agreed / whole.total) / 10 if whole.total else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "percent": self.percent,
            "operations": {name: vars(self.operations[name]) for name in sorted(self.operations)},
            "accepted": {rule.name: count for rule, count in sorted(self.rules.items(), key=lambda item: item[0].name)},
            "findings": [
                {"session": session, "exchange": str(outcome.exchange), "difference": str(difference)}
                for session, outcome, difference in self.findings
            ],
        }
