"""Enumeration instead of chance: every trajectory of the lifecycle table up to a bound, smallest first.

*Depth* counts the service's choices after `queued`: what becomes of a queued run, of one in progress. Submitting outputs is
the app's doing and counts nothing. A trajectory that is not over when its choices are used up is closed by the shortest way
to a terminal status over transitions that were recorded.

Cancelling is the app's choice and is not enumerated; what comes of it is: a run that would go on for ever, and then is
`cancelled`, or is complete before the cancel gets to it. In an app that does not cancel, these expire after 600 seconds.
Not enumerated are the outcomes of a cancel that nobody has documented (`failed`, `incomplete`, `expired`; INF in the table).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import TYPE_CHECKING

from understudy._apis.assistants.lifecycle import RUN, TERMINAL
from understudy._coverage.lifecycle_paths import Path, closing, is_performed, script_along
from understudy._properties.trajectory import Trajectory
from understudy.faults import Fault, RateLimited, ServerError, StreamCut

if TYPE_CHECKING:
    import pytest

FAULTS = (
    Fault(RateLimited(), on="runs.retrieve"),
    Fault(ServerError(), on="messages.create"),
    Fault(ServerError(), on="messages.create", phase="after"),
    Fault(ServerError(), on="runs.create"),
    Fault(ServerError(), on="runs.create", phase="after"),
    Fault(ServerError(), on="runs.retrieve"),
    Fault(ServerError(), on="runs.submit_tool_outputs"),
    Fault(ServerError(), on="runs.submit_tool_outputs", phase="after"),
    Fault(StreamCut()),
)
"""What can go wrong besides. None of these makes an SDK sleep in earnest."""


def every_lifecycle(
    depth: int,
    faults: int = 0,
    expires_while_waiting: bool = False,
    *,
    deterministic: bool = True,
    twice: bool = False,
) -> pytest.MarkDecorator:
    """Run a test once for every trajectory up to a bound: parametrizes its argument `script`, smallest first.

    Give `script` to `understudy.simulate(script=script)`, or to the fixture with `understudy.perform(script)`. Function
    calls are bound to the functions that the app's run has; if it has none, such a trajectory is skipped.

    Args:
        depth: how many choices the service makes at most.
        faults: how many faults (of `understudy._properties.explorer.FAULTS`) happen at most besides.
        expires_while_waiting: also runs that expire before the outputs are submitted.
        deterministic: a case in which the app sends another request than it did in another case of this process, after the
            same requests and answers, fails (`understudy._properties.determinism`). False: it may.
        twice: each case is performed a second time (`...-again`), so that an app is found, too, which differs only where no
            two trajectories have anything in common any more.

    Raises:
        ValueError: a depth below 1, or a negative number of faults.
    """
    import pytest

    _refuse_bare(depth)
    found = trajectories(depth, faults=faults, expires_while_waiting=expires_while_waiting)
    if twice:
        found = [each for trajectory in found for each in (trajectory, trajectory.again())]
    for trajectory in found:
        trajectory.is_compared = deterministic
        trajectory.bound += ", each twice" if twice else ""
    return pytest.mark.parametrize("script", found, ids=[trajectory.name for trajectory in found])


def _refuse_bare(depth: object) -> None:
    """Refuse what is no depth; a function is what a decorator without its parentheses is given."""
    if callable(depth):
        name = getattr(depth, "__name__", repr(depth))
        raise TypeError(f"@every_lifecycle stands bare before {name}: it takes a depth, such as @every_lifecycle(depth=3)")
    if not isinstance(depth, int):
        raise TypeError(f"every_lifecycle(depth={depth!r}): expected how many choices the service makes, such as depth=3")


def trajectories(depth: int, *, faults: int = 0, expires_while_waiting: bool = False) -> list[Trajectory]:
    """All trajectories up to a bound; see `every_lifecycle`."""
    if depth < 1 or faults < 0:
        raise ValueError(f"every_lifecycle(depth={depth!r}, faults={faults!r}): depth counts from 1, faults from 0")
    schedules = [some for number in range(faults + 1) for some in combinations(FAULTS, number)]
    paths = list(_paths(depth, expires_while_waiting))
    paths.sort(key=len)  # stable: then in the order of the table
    both = sorted(product(paths, schedules), key=lambda pair: len(pair[0]) + len(pair[1]))  # stable
    found = [_trajectory(path, schedule) for path, schedule in both]
    waiting = ", expiry while waiting" if expires_while_waiting else ""
    for trajectory in found:
        trajectory.bound = f"depth {depth}, {faults} fault(s){waiting}"
        trajectory.total = len(found)
    return found


def _paths(depth: int, expires_while_waiting: bool, path: Path = (), at: str = "queued") -> Iterator[Path]:
    """Every path on from a status, with so many choices left."""
    if at in TERMINAL:
        yield path
        return
    if depth == 0:
        yield path + closing(at)
        return
    if at == "requires_action":  # the outputs are submitted: no choice of the service
        yield from _paths(depth, expires_while_waiting, (*path, "queued"), "queued")
    for choice in _choices(at, expires_while_waiting):
        yield from _paths(depth - 1, expires_while_waiting, path + choice, choice[-1])


def _choices(at: str, expires_while_waiting: bool) -> list[Path]:
    """What the service can do next, in the order of the table. Until a cancel, doing nothing is one choice."""
    if at == "requires_action":
        return [("expired",)] if expires_while_waiting else []
    choices: list[Path] = [(row.target,) for row in RUN if row.source == at and row.event != "cancelling"]
    if at == "in_progress":
        choices += [("cancelling", row.target) for row in RUN if row.source == "cancelling" and is_performed(row)]
    return choices


def _trajectory(path: Path, schedule: tuple[Fault, ...]) -> Trajectory:
    moves, late = script_along(path)
    name = "+".join(["-".join(("queued", *path)), *map(_label, schedule)])
    return Trajectory(moves, name=name, faults=(*late, *schedule))


def _label(fault: Fault) -> str:
    return f"{type(fault.what).__name__}{f'.{fault.on}' if fault.on else ''}.{fault.phase_of}"
