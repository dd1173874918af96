"""The two ways to promote a recording: into a backend, and into code."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from understudy.backend import Backend
from understudy.cassettes import load
from understudy.promote.code import written
from understudy.promote.setting_up import SettingUp


def from_cassette(
    path: str | os.PathLike[str], *, into: Backend | None = None, time: str = "poll", seed: int = 0
) -> Backend:
    """A simulated service that goes on where a recording ends.

    Objects that were there before the recording are seeded under their own ids, each recorded run's script is queued in the
    recorded order, and what the app makes gets the recorded ids, first in first out. Requests that are not in the recording
    are answered like any other.

    Args:
        path: of the cassette.
        into: an existing backend to set up, such as the fixture `understudy`; None makes one. Runs that the app never
            starts fail a test at its end, unless the backend is `strict=False`, as the one made here is.
        time, seed: of the backend that is made; see `Backend`.

    Raises:
        CassetteError: the cassette cannot be read.

    Warns:
        UserWarning: something in the recording could not be carried over; it says what, and why.
    """
    setting_up = SettingUp(load(Path(path)), into, time=time, seed=seed)
    setting_up.carry_out()
    if setting_up.left_out:
        listed = "\n".join(f"  {sentence}" for sentence in setting_up.left_out)
        warnings.warn(f"{path}: not carried over:\n{listed}", UserWarning, stacklevel=2)
    return setting_up.backend


def code_of(path: str | os.PathLike[str]) -> str:
    """The same as Python code: a module with a function `set_up(backend)`.

    Raises:
        CassetteError: the cassette cannot be read.
    """
    setting_up = SettingUp(load(Path(path)))
    setting_up.carry_out()
    return written(setting_up.statements, setting_up.left_out, Path(path).name)
