"""Fixtures that outlive a test: what they ask has a cassette of its own, so that each of their tests plays alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from understudy._cassettes import CassetteSession, cassette_in_use
from understudy._http import activate, current_handler
from understudy.errors import raise_all
from understudy.pytest_plugin.settings import PLAYING, fixture_cassette_path, held_by_fixtures


@contextmanager
def setting_up(fixture: Any, request: Any) -> Iterator[None]:
    """Set up a fixture of wider scope than a test, while a test is set up.

    What it starts belongs to no single test. While a marked test records for the first time, what the fixture asks is
    recorded in the fixture's own cassette, and played from there ever after, also when the fixture is torn down. Where
    there is none, the test's own cassette answers.
    """
    handler = current_handler()
    if handler is None:
        yield
        return
    session = _own_cassette(fixture, request)
    if session is None:
        with activate(handler, owns=False):
            yield
        return
    held = held_by_fixtures(request.config)
    keeps = not session.path.exists() or request.config.getoption("--understudy-record") == "all"
    session.__enter__()
    holding = _Holding(session, held, keeps=keeps)
    fixture.addfinalizer(holding.end)  # the first that is added is the last that is called
    held.append(session)
    try:
        yield
    finally:
        session.pause()
    holding.set_up()
    fixture.addfinalizer(session.resume)


def _own_cassette(fixture: Any, request: Any) -> CassetteSession | None:
    """Return the cassette for a fixture; None if it has none, and is to make none."""
    playing = request.config.stash.get(PLAYING, None)
    in_use = cassette_in_use()
    if playing is None or in_use is None or not in_use.is_of(playing[0]):
        return None  # it is not a marked test that is set up, or a cassette of a fixture's own is open
    test, settings = playing
    path = fixture_cassette_path(request, fixture.argname)
    if not test.is_from_scratch and not path.exists():
        return None
    held = tuple(held_by_fixtures(request.config))
    own = {"record": "all" if test.is_from_scratch else "none", "unplayed": "ignore"}
    return CassetteSession(path, is_shared=True, fixtures=lambda: held, **{**settings, **own})


class _Holding:
    """The cassette of one fixture, from its set-up to its end."""

    def __init__(self, session: CassetteSession, held: list[CassetteSession], *, keeps: bool) -> None:
        self._session = session
        self._held = held
        self._keeps = keeps
        self._is_set_up = False
        self._told = 0

    def set_up(self) -> None:
        """Tell what went wrong while the fixture was set up, whether it swallowed it or not."""
        self._is_set_up, self._told = True, len(self._session.problems)
        raise_all(self._session.problems)

    def end(self) -> None:
        """Save what the fixture asked, if it could be set up and there is no cassette of it yet."""
        self._held.remove(self._session)
        if self._is_set_up and self._keeps:
            problems = self._session.finish()
            self._session.__exit__(None, None, None)
        else:
            self._session.discard()
            problems = self._session.problems
        raise_all(problems[self._told :])
