"""The two ways to promote a recording: into a backend, and into code."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

from understudy._backend.backend import Backend
from understudy._cassettes import Interaction, load
from understudy._common.printable import printable
from understudy._common.shape_errors import SHAPE_ERRORS, is_about_data
from understudy._inspect import spec
from understudy._promote.code import module_code
from understudy._promote.recorded_test import as_test
from understudy._promote.scenario_setup import ScenarioSetup
from understudy.errors import CassetteError


def from_cassette(
    path: str | os.PathLike[str], *, into: Backend | None = None, time: str = "poll", seed: int = 0
) -> Backend:
    """Return a simulated service that continues where a recording ends.

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
    setting_up = _promote(Path(path), into, time=time, seed=seed)
    if setting_up.left_out:
        listed = "\n".join(f"  {sentence}" for sentence in setting_up.left_out)
        warnings.warn(printable(f"{path}: not carried over:\n{listed}"), UserWarning, stacklevel=2)
    return setting_up.backend


def code_of(path: str | os.PathLike[str]) -> str:
    """Return a recording's scenario as a module with a function `set_up(backend)`.

    Raises:
        CassetteError: the cassette cannot be read, or its objects are not shaped as the API's.
    """
    setting_up = _promote(Path(path), None)
    return module_code(setting_up.statements, setting_up.left_out, Path(path).name)


def code_of_test(path: str | os.PathLike[str]) -> str:
    """Return a recording's scenario as a test module that expects what was recorded.

    One line of it, the call of the app, is left to fill in; see `as_test`.

    Raises:
        CassetteError: the cassette cannot be read, its objects are not shaped as the API's, or it
            created neither a run nor a response.
    """
    path = Path(path)
    setting_up = _promote(path, None)
    return as_test(module_code(setting_up.statements, setting_up.left_out, path.name), load(path), path)


def _promote(path: Path, into: Backend | None, **settings: Any) -> ScenarioSetup:
    """Set up a recording's scenario and return it.

    Answers that are not shaped as the API's are left out if they prevent that: first only those
    that no date explains, then also those that differ from today's shape in what older answers may.
    An error that is not about the data is a defect of ours, and is raised as it is.
    """
    session = load(path)
    left_out: list[str] = []
    for breaks in (spec.violations, spec.departures):
        try:
            setting_up = _carry_out(path, session, None, settings)
            break
        except CassetteError:
            broken = [exchange for exchange in session if any(breaks(exchange))]
            left_out += [f"{exchange}: its answer breaks the API's shape" for exchange in broken]
            session = [exchange for exchange in session if exchange not in broken]
    else:
        setting_up = _carry_out(path, session, None, settings)
    if into is not None:  # only now: the caller's backend is never left half set up
        setting_up = _carry_out(path, session, into, {})
    setting_up.left_out[:0] = left_out
    return setting_up


def _carry_out(path: Path, session: list[Interaction], into: Backend | None, settings: dict[str, Any]) -> ScenarioSetup:
    try:
        setting_up = ScenarioSetup(session, into, **settings)
        setting_up.carry_out()
    except SHAPE_ERRORS as error:
        if not is_about_data(error):
            raise
        raise CassetteError(f"{path}: cannot be promoted: its objects are not shaped as the API's ({error!r})") from error
    return setting_up
