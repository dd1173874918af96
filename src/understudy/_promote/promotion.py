"""The two ways to promote a recording: into a backend, and into code."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from understudy._backend.backend import Backend
from understudy._cassettes import Interaction, load
from understudy._common.printable import printable
from understudy._inspect import spec
from understudy._promote.code import written
from understudy._promote.recorded_test import as_test
from understudy._promote.scenario_setup import ScenarioSetup
from understudy.errors import CassetteError

# What making sense of objects comes to that are not shaped as they should be.
_ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration)


def from_cassette(
    path: str | os.PathLike[str], *, into: Backend | None = None, time: str = "poll", seed: int = 0
) -> Backend:
    """Return a simulated service that goes on where a recording ends.

    Objects that were there before the recording are seeded under their own ids, each recorded run's script is queued in the
    recorded order, and what the app makes gets the recorded ids, first in first out. Requests that are not in the recording
    are answered like any other.

    Args:
        path: of the cassette.
        into: an existing backend to set up, such as the fixture `understudy`; None makes one. Runs that the app never
            starts fail a test at its end, unless the backend is `strict=False`, as the one made here is.
        time, seed: of the backend that is made; see `Backend`.

    Raises:
        CassetteError: the cassette cannot be read, or not be made sense of.

    Warns:
        UserWarning: something in the recording could not be carried over; it says what, and why.
    """
    setting_up = _promoted(Path(path), into, time=time, seed=seed)
    if setting_up.left_out:
        listed = "\n".join(f"  {sentence}" for sentence in setting_up.left_out)
        warnings.warn(printable(f"{path}: not carried over:\n{listed}"), UserWarning, stacklevel=2)
    return setting_up.backend


def code_of(path: str | os.PathLike[str]) -> str:
    """Return the same as Python code: a module with a function `set_up(backend)`.

    Raises:
        CassetteError: the cassette cannot be read, or not be made sense of.
    """
    setting_up = _promoted(Path(path), None)
    return written(setting_up.statements, setting_up.left_out, Path(path).name)


def code_of_test(path: str | os.PathLike[str]) -> str:
    """Return the same as a test module, with one line to fill in and what was recorded as expectations; see `as_test`.

    Raises:
        CassetteError: the cassette cannot be read, or not be made sense of, or created neither a run nor a response.
    """
    path = Path(path)
    setting_up = _promoted(path, None)
    return as_test(written(setting_up.statements, setting_up.left_out, path.name), load(path), path)


def _promoted(path: Path, into: Backend | None, **settings: Any) -> ScenarioSetup:
    """Return a scenario, set up.

    Answers that are not shaped as the API's are left out if they stand in the way.

    First only those that were never right; then those, too, that differ from today's in what older ones may.
    """
    session = load(path)
    left_out: list[str] = []
    for breaks in (spec.violations, spec.departures):
        try:
            setting_up = _carried_out(session, None, settings)
            break
        except _ODD:
            broken = [exchange for exchange in session if any(breaks(exchange))]
            left_out += [f"{exchange}: its answer breaks the API's shape" for exchange in broken]
            session = [exchange for exchange in session if exchange not in broken]
    else:
        try:
            setting_up = _carried_out(session, None, settings)
        except _ODD as error:
            raise CassetteError(
                f"{path}: cannot be promoted: its objects are not shaped as the API's ({error!r})"
            ) from error
    if into is not None:  # only now: nothing is done to it by halves
        setting_up = _carried_out(session, into, {})
    setting_up.left_out[:0] = left_out
    return setting_up


def _carried_out(session: list[Interaction], into: Backend | None, settings: dict[str, Any]) -> ScenarioSetup:
    setting_up = ScenarioSetup(session, into, **settings)
    setting_up.carry_out()
    return setting_up
