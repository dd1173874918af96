"""Fixtures that outlive a test: their requests have a cassette of their own.

So each of their tests can be replayed alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from understudy._cassettes import CassetteSession, cassette_in_use
from understudy._http import activate, current_handler
from understudy.errors import raise_all
from understudy.pytest_plugin.settings import PLAYING, cassettes_of_fixtures, fixture_cassette_path


@contextmanager
def setting_up(fixture: Any, request: Any) -> Iterator[None]:
    """Set up a fixture of wider scope than a test, while a test is set up.

    Its requests belong to no single test. While a marked test records for the first time, they are recorded in the
    fixture's own cassette, and replayed from there ever after, also when the fixture is torn down. Without such a
    cassette, the test's own cassette answers.
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
    open_cassettes = cassettes_of_fixtures(request.config)
    keeps = not session.path.exists() or request.config.getoption("--understudy-record") == "all"
    session.__enter__()
    cassette = _FixtureCassette(session, open_cassettes, keeps=keeps)
    fixture.addfinalizer(cassette.end)  # added first, so called last
    open_cassettes.append(session)
    try:
        yield
    finally:
        session.pause()
    cassette.set_up()
    fixture.addfinalizer(session.resume)


def _own_cassette(fixture: Any, request: Any) -> CassetteSession | None:
    """Return the cassette of a fixture; None if it has none, and is to make none."""
    playing = request.config.stash.get(PLAYING, None)
    in_use = cassette_in_use()
    if playing is None or in_use is None or not in_use.is_of(playing[0]):
        return None  # no marked test is being set up, or a fixture's own cassette is open
    test, settings = playing
    path = fixture_cassette_path(request, fixture.argname)
    if not test.is_from_scratch and not path.exists():
        return None
    others = tuple(cassettes_of_fixtures(request.config))
    own = {"record": "all" if test.is_from_scratch else "none", "unplayed": "ignore"}
    return CassetteSession(path, is_shared=True, fixtures=lambda: others, **{**settings, **own})


class _FixtureCassette:
    """The cassette of one fixture, from its set-up to its end."""

    def __init__(self, session: CassetteSession, open_cassettes: list[CassetteSession], *, keeps: bool) -> None:
        self._session = session
        self._open_cassettes = open_cassettes
        self._keeps = keeps
        self._is_set_up = False
        self._reported_count = 0

    def set_up(self) -> None:
        """Raise the problems of the set-up, even if the fixture swallowed them."""
        self._is_set_up, self._reported_count = True, len(self._session.problems)
        raise_all(self._session.problems)

    def end(self) -> None:
        """Save what the fixture recorded.

        Only if its set-up passed and it has no cassette yet.
        """
        self._open_cassettes.remove(self._session)
        if self._is_set_up and self._keeps:
            problems = self._session.finish()
            self._session.__exit__(None, None, None)
        else:
            self._session.discard()
            problems = self._session.problems
        raise_all(problems[self._reported_count :])
