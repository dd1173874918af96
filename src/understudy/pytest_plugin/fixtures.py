"""The fixtures: `understudy`, `understudy_cassette`, `understudy_server`.

No logic, and nothing heavy at pytest's start: only what a test uses is imported, when it uses it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from understudy._common.uncollected import uncollected
from understudy.pytest_plugin.phases import asked_at_the_end, failed
from understudy.pytest_plugin.summary import collect_hints

if TYPE_CHECKING:
    from understudy._backend.backend import Backend
    from understudy._cassettes import Cassette
    from understudy._serve.for_tests import ServedBackend, SessionServer


@pytest.fixture
def understudy(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Provide a simulated service that answers every OpenAI client in this test.

    It is a `Backend`: set what runs do with `next_run(Reply("..."))`, look at `requests`, `runs` and
    `messages(thread_id)`, move `clock`.
    Settings: `@pytest.mark.understudy(time=..., seed=..., strict=..., start=...)`.
    """
    with uncollected():
        from understudy._backend.simulate import active
        from understudy.pytest_plugin.settings import backend_for, is_fallback

    backend = backend_for(request.node)
    with nullcontext() if is_fallback(request.node) else active(backend), asked_at_the_end(request.node, backend.close):
        yield backend
    collect_hints(request.node, backend.hints)


@pytest.fixture
def understudy_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """Provide the cassette that this test plays or records.

    It has `.played`, `.unplayed` and `.path`. The test must be marked `@pytest.mark.cassette`; it need not name this
    fixture to be answered from the recording.
    """
    with uncollected():
        from understudy._cassettes import cassette_in_use
        from understudy.pytest_plugin.settings import PLAYING, cassette_for, for_each_example, is_fallback

    in_use = cassette_in_use()
    if in_use is not None:  # a fixture that keeps its own cassette open wins
        yield in_use
        return
    backend = request.getfixturevalue("understudy") if is_fallback(request.node) else None
    session = cassette_for(request.node, lambda: failed(request.node), backend, _vcr_config(request))
    try:
        with session, asked_at_the_end(request.node, session.finish), for_each_example(request.node, session.rewind):
            yield session.cassette
    finally:
        del request.config.stash[PLAYING]
    if session.set_aside is not None:
        said = f"the test failed, so no cassette was written; its recording is kept in {session.set_aside} until it passes."
        collect_hints(request.node, [said])


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
    """Set up fixtures that outlive a test apart from the test.

    Their requests belong to no single test.
    """
    if fixturedef.scope == "function" or "understudy._http.current" not in sys.modules:
        return (yield)
    from understudy.pytest_plugin.wide_fixtures import setting_up

    with setting_up(fixturedef, request):
        return (yield)


@pytest.fixture(scope="session")
def _understudy_session_server() -> Iterator[SessionServer]:
    """Provide the one server of the session, started by the first test that needs it."""
    if find_spec("uvicorn") is None:
        raise pytest.UsageError("`understudy_server` needs an HTTP server: pip install 'pytest-understudy[serve]'")
    from understudy._serve.for_tests import SessionServer

    server = SessionServer()
    yield server
    server.close()


@pytest.fixture
def understudy_server(
    request: pytest.FixtureRequest,
    _understudy_session_server: SessionServer,
    understudy: Backend,
) -> Iterator[ServedBackend]:
    """Provide the test's backend over a real loopback socket: `.url`, `.backend`.

    For apps in other processes.

    While the test runs, `OPENAI_BASE_URL`, `OPENAI_API_KEY` and Azure's variables lead there. Settings and
    scripts are those of `understudy`: `understudy_server.backend.next_run(Reply("..."))`.
    """
    with (
        _understudy_session_server.simulation(request.node.name, understudy) as served,
        served.reached(),
        asked_at_the_end(request.node, served.problems),
        pytest.MonkeyPatch.context() as patch,  # not the test's own, which the test may undo
    ):
        for name, value in served.environment().items():
            patch.setenv(name, value)
        yield served


def _vcr_config(request: pytest.FixtureRequest) -> Any:
    """Return the project's `vcr_config`, as pytest-vcr has it; None without one."""
    try:
        return request.getfixturevalue("vcr_config")
    except pytest.FixtureLookupError as error:
        if error.argname != "vcr_config":
            raise
        return None
