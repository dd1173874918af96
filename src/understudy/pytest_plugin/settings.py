"""The settings of a test's backend and cassette, from markers and ini options."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from understudy._common.messages import host_names
from understudy._engine.clock import MODES
from understudy._properties.determinism import Histories, Witness
from understudy._properties.trajectory import Trajectory
from understudy.errors import did_you_mean, nearest
from understudy.pytest_plugin.across_workers import histories_of

if TYPE_CHECKING:
    from understudy._backend.backend import Backend
    from understudy._cassettes import CassetteSession

_BACKEND_SETTINGS = ("script", "seed", "time", "strict", "start", "hosts", "other")
PLAYING = pytest.StashKey["tuple[CassetteSession, dict[str, Any]]"]()  # the test's cassette, and its settings
_FIXTURE_CASSETTES = pytest.StashKey["list[CassetteSession]"]()
_UNSAFE_IN_FILE_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def marked(item: pytest.Item, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Merge the markers of a name: the module's, the class's and the test's.

    Of each setting, and of the positional arguments as a whole, the nearest marker wins.
    """
    args: tuple[Any, ...] = ()
    settings: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(name))):
        if marker.args:
            args = marker.args
            settings.pop("path", None)
        elif "path" in marker.kwargs:
            args = ()
        settings |= marker.kwargs
    return args, settings


def backend_for(item: pytest.Item) -> Backend:
    """Return the backend of a test, by its `understudy` markers; the nearest wins.

    Raises:
        pytest.UsageError: an unknown setting, or a cassette marker on the same test.
    """
    from understudy._backend.backend import Backend  # here, because a replay needs none

    falls_back = is_fallback(item)
    if item.get_closest_marker("cassette") is not None and not falls_back:
        raise pytest.UsageError(
            f"{item.nodeid}: `understudy` simulates and `@pytest.mark.cassette` replays: one test cannot do both. "
            "To simulate what the recording lacks: @pytest.mark.cassette(..., fallback='simulate')."
        )
    given, settings = marked(item, "understudy")
    if given:
        meant = f"time={given[0]!r}" if given[0] in MODES else "time='poll'"
        raise pytest.UsageError(
            f"{item.nodeid}: @pytest.mark.understudy takes keyword arguments only, not {given!r}: write {meant}"
        )
    _check_known(item, "understudy", settings, _BACKEND_SETTINGS)
    other = settings.pop("other", "error")
    if other not in ("error", "pass"):
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.understudy(other={other!r}): expected 'error' or 'pass'")
    settings = _of_project(item.config, leaves_strict=falls_back) | settings
    if falls_back:
        settings.setdefault("strict", False)  # runs that the recording answered leave their scripts unused
    settings["hosts"] = (*item.config.getini("understudy_hosts"), *_hosts(item, "understudy", settings))
    try:
        backend = Backend(pass_hosts=item.config.getini("understudy_pass_hosts"), **settings)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.understudy: {error}") from None
    if other == "pass":
        backend.pass_through("/")
    return backend


_STRICT = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _of_project(config: pytest.Config, *, leaves_strict: bool) -> dict[str, Any]:
    """Return the settings that the pytest ini has for every backend; markers win.

    Raises:
        pytest.UsageError: a value that the setting does not take; the message names the nearest.
    """
    given = {name: str(config.getini(f"understudy_{name}")).strip() for name in ("time", "strict", "seed")}
    settings: dict[str, Any] = {}
    if given["time"]:
        if given["time"] not in MODES:
            raise _wrong_ini("time", given["time"], f"one of {', '.join(MODES)}", MODES)
        settings["time"] = given["time"]
    if given["seed"]:
        try:
            settings["seed"] = int(given["seed"])
        except ValueError:
            raise _wrong_ini("seed", given["seed"], "a whole number, such as 7", ()) from None
    if given["strict"] and not leaves_strict:
        if given["strict"].lower() not in _STRICT:
            raise _wrong_ini("strict", given["strict"], "true or false", _STRICT)
        settings["strict"] = _STRICT[given["strict"].lower()]
    return settings


def _wrong_ini(name: str, value: str, expected: str, known: Iterable[str]) -> pytest.UsageError:
    hint = did_you_mean(value, known)
    return pytest.UsageError(f"the pytest ini has understudy_{name} = {value}: expected {expected}.{hint}")


def _hosts(item: pytest.Item, marker: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        return host_names(settings.get("hosts", ()))
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{marker}: {error}") from None


def cassette_path(item: pytest.Item, given: str | os.PathLike[str] | None) -> Path:
    """Return the path of a test's cassette.

    It is `<root>/<test file less .py>/<Class.>test[param].yaml`, or the marker's path under the
    root. Characters that a file name cannot hold become `-`; in a given path, backslashes separate
    folders everywhere. A name that is too long for a file keeps its beginning and gets a hash; one
    that differs only by case from that of a cassette which is there gets a hash too, since not
    every file system can tell the two apart. A cassette that has the plain name keeps it.
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
    return _free_of_clashes(root / module, f"{_UNSAFE_IN_FILE_NAMES.sub('-', name)}.yaml")


_MAX_NAME_BYTES = 225  # files beside a cassette have longer names than it


def _free_of_clashes(folder: Path, name: str) -> Path:
    from understudy._cassettes.atomic_files import hashed_name, short_name

    try:
        there = {file.name for file in folder.iterdir()}  # listed, since some file systems ignore the case of a name
    except OSError:
        there = set()
    if name in there:
        return folder / name
    short = short_name(name, _MAX_NAME_BYTES)
    alike = {other for other in there if other.casefold() == short.casefold()}
    return folder / (hashed_name(short) if alike and short not in alike else short)


def fixture_cassette_path(request: Any, fixture: str) -> Path:
    """Return the path of the cassette of a fixture that outlives its test.

    It is beside those of the tests that the fixture is for.
    """
    config, node = request.config, request.node
    root: Path = config.rootpath / config.getini("understudy_cassettes")
    place = Path(*[_UNSAFE_IN_FILE_NAMES.sub("-", part) for part in node.nodeid.partition("::")[0].split("/") if part])
    within = node.nodeid.partition("::")[2].replace("::", ".")
    param = getattr(request, "param_index", 0)
    several = f"[{param}]" if hasattr(request, "param") else ""
    name = _UNSAFE_IN_FILE_NAMES.sub("-", f"{within}.{fixture}" if within else fixture)
    return root / (place.with_suffix("") if place.suffix == ".py" else place) / f"{name}{several}.fixture.yaml"


def cassettes_of_fixtures(config: pytest.Config) -> list[CassetteSession]:
    """Return the cassettes of the fixtures set up now, oldest first."""
    return config.stash.setdefault(_FIXTURE_CASSETTES, [])


def is_fallback(item: pytest.Item) -> bool:
    """Return True if a test's backend answers what its cassette lacks."""
    return marked(item, "cassette")[1].get("fallback") == "simulate"


def cassette_for(
    item: pytest.Item,
    failed: Callable[[], bool],
    backend: Backend | None = None,
    vcr_config: Mapping[str, Any] | None = None,
) -> CassetteSession:
    """Return the cassette session of a test, by its markers and the command line.

    Args:
        failed: asked at the end whether the test failed.
        backend: answers from the first request that the recording has no answer to (`fallback="simulate"`).
        vcr_config: settings of vcrpy, from the project's fixture of that name; the marker wins.

    Raises:
        pytest.UsageError: no marker, or one with unknown settings.
    """
    from understudy._cassettes import CassetteSession

    if item.get_closest_marker("cassette") is None:
        raise pytest.UsageError(f"{item.nodeid}: the fixture `understudy_cassette` needs @pytest.mark.cassette")
    args, given_settings = marked(item, "cassette")
    settings = {**_taken_over(item, vcr_config or {}), **given_settings}
    given, *others = args or (settings.pop("path", None),)
    if args and "path" in settings:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette takes a path either by position or as path=")
    fallback = settings.pop("fallback", None)
    if fallback not in (None, "simulate"):
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette(fallback={fallback!r}): expected 'simulate'")
    if fallback and others:
        raise pytest.UsageError(
            f"{item.nodeid}: @pytest.mark.cassette(..., fallback='simulate') continues where one recording ends; "
            f"it takes one path, not {args}"
        )
    path, more = cassette_path(item, given), [cassette_path(item, other) for other in others]
    option = item.config.getoption
    settings.setdefault("record", option("--understudy-record"))
    settings.setdefault("unplayed", option("--understudy-unplayed"))
    settings["hosts"] = (*item.config.getini("understudy_hosts"), *_hosts(item, "cassette", settings))
    try:
        on_miss = None if backend is None else _continued_by(path, backend)
        settings = {"force": option("--understudy-force"), "may_be_missing": True} | settings
        fixtures = cassettes_of_fixtures(item.config)
        playing = CassetteSession(path, more=more, failed=failed, on_miss=on_miss, fixtures=lambda: fixtures, **settings)
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.cassette: {error}") from None

    item.config.stash[PLAYING] = (playing, settings)
    return playing


@contextmanager
def for_each_example(item: Any, begin: Callable[[], None]) -> Iterator[None]:
    """Call `begin` before each example that hypothesis runs a test with.

    Until the block is left; for tests without hypothesis, never.
    """
    test: Any = getattr(getattr(item, "obj", None), "hypothesis", None)
    inner = getattr(test, "inner_test", None)
    if inner is None:
        yield
        return

    @functools.wraps(inner)
    def example(*args: Any, **kwargs: Any) -> Any:
        begin()
        return inner(*args, **kwargs)

    test.inner_test = example
    try:
        yield
    finally:
        test.inner_test = inner


def _taken_over(item: pytest.Item, vcr_config: Mapping[str, Any]) -> dict[str, Any]:
    if not vcr_config:
        return {}
    from understudy._cassettes.vcr_config import settings_of

    try:
        return settings_of(vcr_config)
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: the fixture `vcr_config`: {error}") from None


def _continued_by(path: Path, backend: Backend) -> Any:
    from understudy._promote.fallback import backend_fallback

    return backend_fallback(path, backend)


def witness_for(item: Any, script: Trajectory) -> Witness:
    """Return the comparison of a case with the other cases of its test.

    Those are the cases that differ in nothing but their trajectory.
    """
    test = item.nodeid.replace(script.name, "*")
    return Witness(histories_of(item.config).setdefault(test, Histories()), script.name)


def _check_known(item: pytest.Item, marker: str, settings: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in settings:
        if name not in known:
            close = nearest(name, known)
            hint = f"did you mean {close[0]!r}? It" if close else "it"
            raise pytest.UsageError(
                f"{item.nodeid}: @pytest.mark.{marker} has no setting {name!r}; {hint} takes {', '.join(known)}"
            )
