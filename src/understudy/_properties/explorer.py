"""Enumerate every trajectory of the lifecycle table up to a bound.

Enumeration instead of chance, smallest first.

*Depth* counts the service's choices after `queued`: what becomes of a queued run, of one in progress. Submitting outputs is
the app's action and does not count. A trajectory that is not over when its choices are used up is closed by the shortest way
to a terminal status over transitions that were recorded.

Cancelling is the app's choice and is not enumerated; its outcomes are: a run that would go on for ever, and then is
`cancelled`, or is complete before the cancel gets to it. In an app that does not cancel, these expire after 600 seconds. A
response never expires: one that goes on for ever is enumerated only when asked for (`hangs=True`). Not enumerated are the
undocumented outcomes of a cancel (`failed`, `incomplete`, `expired`; INF in the table).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import TYPE_CHECKING

from understudy._common.keyword_hints import hinting
from understudy._coverage.lifecycle_paths import Path
from understudy._engine.lifecycle import TERMINAL
from understudy._properties.apis import Api, of_api
from understudy._properties.lifecycles import LIFECYCLES, ApiLifecycle
from understudy._properties.trajectory import Trajectory
from understudy.faults import Fault

if TYPE_CHECKING:
    import pytest


@hinting()
def every_lifecycle(
    depth: int,
    faults: int = 0,
    expires_while_waiting: bool = False,
    *,
    deterministic: bool = True,
    twice: bool = False,
    api: Api = "assistants",
    hangs: bool | None = None,
) -> pytest.MarkDecorator:
    """Run a test once for every trajectory up to a bound, smallest first.

    A decorator that parametrizes the argument `script`.

    Give `script` to `understudy.simulate(script=script)`, or to the fixture with `understudy.perform(script)`. Function
    calls are bound to the functions that the app's run has; if it has none, such a trajectory is skipped.

    Args:
        depth: how many choices the service makes at most.
        faults: how many faults (of `understudy._properties.lifecycles`) happen at most besides.
        expires_while_waiting: also runs that expire before the outputs are submitted.
        deterministic: a case in which the app sends another request than it did in another case of the session, after the
            same requests and answers, fails (`understudy._properties.determinism`). False: it may.
        twice: each case is performed a second time (`...-again`), which also finds an app that differs only where no two
            trajectories have anything in common.
        api: whose lifecycle: of the runs of `"assistants"`, of `"responses"`, or what `"both"` can do, in the words of runs.
            Names of the cases are statuses; a response that is `completed` with something behind it ended with calls.
        hangs: also those that never end by themselves: cancel them. Default: True for runs, which expire in the end, and
            False for responses, which do not.

    Raises:
        ValueError: a depth below 1, a negative number of faults, an unknown `api`, or a response that is to expire.
    """
    import pytest

    _refuse_bare(depth)
    found = trajectories(depth, faults=faults, expires_while_waiting=expires_while_waiting, api=api, hangs=hangs)
    if twice:
        found = [each for trajectory in found for each in (trajectory, trajectory.again())]
    for trajectory in found:
        trajectory.is_compared = deterministic
        trajectory.bound += ", each twice" if twice else ""
    return pytest.mark.parametrize("script", found, ids=[trajectory.name for trajectory in found])


def _refuse_bare(depth: object) -> None:
    """Refuse a depth that is not a number.

    A decorator without its parentheses gets a function.
    """
    if callable(depth):
        name = getattr(depth, "__name__", repr(depth))
        raise TypeError(f"@every_lifecycle is bare before {name}: it needs parentheses, as in @every_lifecycle(depth=3)")
    if not isinstance(depth, int):
        raise TypeError(
            f"every_lifecycle(depth={depth!r}): expected the number of choices the service makes, such as depth=3"
        )


def trajectories(
    depth: int,
    *,
    faults: int = 0,
    expires_while_waiting: bool = False,
    api: Api = "assistants",
    hangs: bool | None = None,
) -> list[Trajectory]:
    """Return all trajectories up to a bound; see `every_lifecycle`."""
    if depth < 1 or faults < 0:
        raise ValueError(f"every_lifecycle(depth={depth!r}, faults={faults!r}): depth counts from 1, faults from 0")
    is_expiring = of_api("every_lifecycle", api).expires
    if expires_while_waiting and not is_expiring:
        raise ValueError(f"every_lifecycle(expires_while_waiting=True, api={api!r}): only runs expire; responses do not")
    lifecycle = LIFECYCLES[api]
    hangs = lifecycle.hangs if hangs is None else hangs
    paths = list(_paths(lifecycle, depth, {"hangs": hangs, "expires_while_waiting": expires_while_waiting}))
    paths.sort(key=len)  # stable: then in the order of the table
    schedules = [some for number in range(faults + 1) for some in combinations(lifecycle.faults, number)]
    both = sorted(product(paths, schedules), key=lambda pair: len(pair[0]) + len(pair[1]))  # stable
    found = [_trajectory(lifecycle, path, schedule) for path, schedule in both]
    waiting = ", expiry while waiting" if expires_while_waiting else ""
    of = "" if api == "assistants" else f" of {api}" if api == "responses" else " of both APIs"
    for trajectory in found:
        trajectory.bound = f"depth {depth}{of}, {faults} fault(s){waiting}"
        trajectory.total = len(found)
    return found


def _paths(
    lifecycle: ApiLifecycle, depth: int, asked: dict[str, bool], path: Path = (), at: str = "queued"
) -> Iterator[Path]:
    """Yield every path from a status, with a number of choices left."""
    if at in TERMINAL:
        yield path
        return
    if depth == 0:
        yield path + lifecycle.closing(at)
        return
    if at == "requires_action":  # the app submits the outputs: not a choice of the service
        yield from _paths(lifecycle, depth, asked, (*path, "queued"), "queued")
    for choice in lifecycle.choices(at, **asked):
        yield from _paths(lifecycle, depth - 1, asked, path + choice, choice[-1])


def _trajectory(lifecycle: ApiLifecycle, path: Path, schedule: tuple[Fault, ...]) -> Trajectory:
    moves, late = lifecycle.script_along(path)
    name = "+".join(["-".join(("queued", *path)), *map(_label, schedule)])
    return Trajectory(moves, name=name, faults=(*late, *schedule))


def _label(fault: Fault) -> str:
    return f"{type(fault.what).__name__}{f'.{fault.on}' if fault.on else ''}.{fault.phase_of}"
