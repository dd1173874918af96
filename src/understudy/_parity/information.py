"""Information beside the differences: how each side went about it.

None of it is a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy._apis.responses.model_facts import snapshot
from understudy._transcript.comparing import rows_of
from understudy._transcript.counterparts import kept_parameters
from understudy._transcript.transcript import Transcript


def information(old: Transcript, new: Transcript, sides: Sequence[Any]) -> list[str]:
    """Return the information, line by line."""
    one, other = sides
    lines = []
    if one.requests or other.requests:
        lines.append(f"requests: old {one.requests} ({one.retries} retried), new {other.requests} ({other.retries} retried)")
    if one.seconds is not None and other.seconds is not None:
        lines.append(f"virtual seconds: old {one.seconds:g}, new {other.seconds:g}")
    models = [[snapshot(model) for model in side.models] for side in (one, other)]
    if models[0] != models[1] and all(models):
        lines.append(f"models: old {', '.join(one.models)}, new {', '.join(other.models)}")
    return [*lines, *_kept(old, new)]


def _kept(old: Transcript, new: Transcript) -> Iterator[str]:
    """Yield the parameters that the other API lacks, and that are not lost."""
    for one, other in rows_of(old.turns, new.turns):
        if one is not None and other is not None:
            for giver, taker in ((one, other), (other, one)):
                yield from (f"turn {giver.entries[0].turn}, {kept}" for kept in kept_parameters(giver, taker))
