"""What markers and ini options come to: the settings of a test's backend, and the place of its cassette."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from understudy._backend.backend import Backend
from understudy._common.messages import host_names
from understudy._properties.determinism import Histories, Witness
from understudy._properties.trajectory import Trajectory
from understudy.errors import nearest

_BACKEND_SETTINGS = ("script", "seed", "time", "strict", "start", "hosts", "other")
_NOT_IN_A_FILE_NAME = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def backend_for(item: pytest.Item) -> Backend:
    """The backend of a test, by its `understudy` markers; the closest says the last word.

    Raises:
        pytest.UsageError: a setting that there is not, or a cassette marker besides.
    """
    falls_back = is_fallback(item)
    if item.get_closest_marker("cassette") is not None and not falls_back:
        raise pytest.UsageError(
            f"{item.nodeid}: `understudy` simulates and `@pytest.mark.cassette` replays: one test cannot do both. "
            "To simulate what the recording lacks: @pytest.mark.cassette(..., fallback='simulate')."
        )
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers("understudy"))):
        if marker.args:
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.understudy takes keyword arguments only")
        settings |= marker.kwargs
    _check_known(item, "understudy", settings, _BACKEND_SETTINGS)
    other = settings.pop("other", "error")
    if other not in ("error", "pass"):
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.understudy(other={other!r}): expected 'error' or 'pass'")
    if falls_back:
        settings.setdefault("strict", False)  # what the recording answered, no run of the backend performs
    settings["hosts"] = (*item.config.getini("understudy_hosts"), *_hosts(item, "understudy", settings))
    try:
        backend = Backend(pass_hosts=item.config.getini("understudy_pass_hosts"), **settings)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.understudy: {error}") from None
    if other == "pass":
        backend.pass_through("/")
    return backend


def _hosts(item: pytest.Item, marker: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        return host_names(settings.get("hosts", ()))
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{marker}: {error}") from None


def cassette_path(item: pytest.Item, given: str | os.PathLike[str] | None) -> Path:
    """Where a test's cassette lies: `<root>/<test file less .py>/<Class.>test[param].yaml`, or the marker's path under
    the root. Characters that a file name cannot hold become `-`; in a given path, backslashes separate folders everywhere.
    A name that is too long for a file keeps its beginning and gets a hash; one that differs only by case from that of a
    cassette which is there gets a hash too, since not every file system can tell the two apart. A cassette that has the
    plain name keeps it.
    """
    root: Path = item.config.rootpath / item.config.getini("understudy_cassettes")
    if isinstance(given, str | os.PathLike):
        return root / os.fspath(given).replace("\\", "/")
    if given is not None:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette({given!r}): expected a path, such as 'tutorial.yaml'")
    try:
        module = item.path.relative_to(item.config.rootpath).with_suffix("")
    except ValueError:  # a test file outside the rootdir
        module = Path(item.path.stem)
    cls = getattr(item, "cls", None)
    name = f"{cls.__name__}.{item.name}" if cls is not None else item.name
    return _free_of_clashes(root / module, f"{_NOT_IN_A_FILE_NAME.sub('-', name)}.yaml")


_LONGEST = 225  # bytes; what is put beside a cassette has a longer name


def _free_of_clashes(folder: Path, name: str) -> Path:
    from understudy._cassettes.atomic_files import hashed_name, short_name

    try:
        there = {file.name for file in folder.iterdir()}  # asked for by its name, a file answers in any case on some systems
    except OSError:
        there = set()
    if name in there:
        return folder / name
    short = short_name(name, _LONGEST)
    alike = {other for other in there if other.casefold() == short.casefold()}
    return folder / (hashed_name(short) if alike and short not in alike else short)


def is_fallback(item: pytest.Item) -> bool:
    """Whether a test's backend stands behind its cassette, for what the recording lacks."""
    marker = item.get_closest_marker("cassette")
    return marker is not None and marker.kwargs.get("fallback") == "simulate"


def cassette_for(
    item: pytest.Item,
    failed: Callable[[], bool],
    backend: Backend | None = None,
    vcr_config: Mapping[str, Any] | None = None,
) -> AbstractContextManager[Any]:
    """The cassette session of a test, by its `cassette` marker and the command line.

    Args:
        failed: asked at the end whether the test failed.
        backend: what answers from the first request on that the recording has no answer to (`fallback="simulate"`).
        vcr_config: settings of vcrpy, from the project's fixture of that name; the marker says the last word.

    Raises:
        pytest.UsageError: no marker, or one with settings that there are not.
    """
    from understudy._cassettes import CassetteSession
    from understudy._promote.fallback import leaving

    marker = item.get_closest_marker("cassette")
    if marker is None:
        raise pytest.UsageError(f"{item.nodeid}: the fixture `understudy_cassette` needs @pytest.mark.cassette")
    if len(marker.args) > 1:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette takes one path, got {marker.args}")
    settings = {**_taken_over(item, vcr_config or {}), **marker.kwargs}
    given = marker.args[0] if marker.args else settings.pop("path", None)
    fallback = settings.pop("fallback", None)
    if fallback not in (None, "simulate"):
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette(fallback={fallback!r}): expected 'simulate'")
    path = cassette_path(item, given)
    option = item.config.getoption
    settings.setdefault("record", option("--understudy-record"))
    settings.setdefault("unplayed", option("--understudy-unplayed"))
    settings["hosts"] = (*item.config.getini("understudy_hosts"), *_hosts(item, "cassette", settings))
    try:
        on_miss = None if backend is None else leaving(path, backend)
        return CassetteSession(path, force=option("--understudy-force"), failed=failed, on_miss=on_miss, **settings)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette: {error}") from None


def _taken_over(item: pytest.Item, vcr_config: Mapping[str, Any]) -> dict[str, Any]:
    if not vcr_config:
        return {}
    from understudy._cassettes.vcr_config import settings_of

    try:
        return settings_of(vcr_config)
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: the fixture `vcr_config`: {error}") from None


_histories = pytest.StashKey[dict[str, Histories]]()


def witness_for(item: Any, script: Trajectory) -> Witness:
    """What compares a case with the other cases of its test: those that differ in nothing but their trajectory."""
    test = item.nodeid.replace(script.name, "*")
    histories = item.config.stash.setdefault(_histories, {}).setdefault(test, Histories())
    return Witness(histories, script.name)


def _check_known(item: pytest.Item, marker: str, settings: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in settings:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known)}"
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{marker} has no setting {name!r}; {hint}")
