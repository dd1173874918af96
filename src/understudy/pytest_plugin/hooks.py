"""The pytest plugin: options, markers, fixtures.

No logic, and nothing heavy at pytest's start: only what a test uses is imported, when it uses it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from understudy._backend.backend import Backend
    from understudy._cassettes import Cassette
    from understudy._serve.for_tests import ServedBackend, SessionServer
    from understudy.errors import UnderstudyError

_problems = pytest.StashKey[list[Any]]()  # callables that return problems at the end of the call phase, innermost first
_stack = pytest.StashKey[ExitStack]()
_LIFECYCLES = "understudy_lifecycles"  # user properties: they travel from xdist workers
_HINT = "understudy_hint"

MARKERS = (
    (
        "understudy(time='poll', seed=0, strict=None, start=1_700_000_000, script=None, hosts=(), other='error'): "
        "settings of the fixture `understudy` in this test, class or module. time: what moves the clock ('poll', 'manual', "
        "'sleep', 'real'); strict: True if every run needs a script, False if scripts may go unused; other='pass': let "
        "requests out that are not simulated."
    ),
    (
        "cassette(path=None, *more, match_on=None, ignore=(), fallback=None, ...): a recording answers this test, by "
        "default `cassettes/<test file>/<test>.yaml`. Several paths are read in order, the first is recorded to. Of markers "
        "at test, class and module, the nearest wins, setting by setting. fallback='simulate': the simulated "
        "service continues where the recording ends. The rest are settings of understudy.use_cassette."
    ),
)


# The warnings of openai's SDK that the API under test is deprecated.
_KNOWN = ["ignore:The Assistants API is deprecated:DeprecationWarning", "ignore:deprecated$:DeprecationWarning"]


def pytest_addoption(parser: pytest.Parser) -> None:
    _add_options(
        parser.getgroup("understudy", "understudy: the OpenAI Assistants and Responses APIs, recorded, replayed, simulated")
    )
    _add_settings(parser)


def _add_options(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--understudy-record",
        choices=("none", "once", "new", "all"),
        default="none",
        help="what cassettes record: none (default: never touch the network), once (only cassettes that do not exist), "
        "new (also what a cassette lacks), all (everything again)",
    )
    group.addoption(
        "--understudy-unplayed",
        choices=("error", "warn", "ignore"),
        default="ignore",
        help="what to do about recorded requests that a test did not play: fail it, warn, or ignore them (default: ignore)",
    )
    group.addoption(
        "--understudy-force",
        action="store_true",
        help="let a recording of errors (404, 410, 401, 5xx) replace a recorded success",
    )
    group.addoption(
        "--understudy-guard",
        action="store_true",
        help="fail every test that sends a request to the API with neither a simulator nor a cassette to answer it",
    )
    group.addoption(
        "--understudy-cov",
        action="store_true",
        help="lifecycle coverage: report which statuses, transitions, steps, outcomes, events and faults the app has met",
    )
    group.addoption(
        "--understudy-cov-report",
        action="append",
        metavar="TYPE",
        help="term (default), json[:FILE], html[:FILE], data[:FILE] (of a shard, for `understudy coverage combine`); "
        "may be given several times; turns --understudy-cov on",
    )
    group.addoption(
        "--understudy-cov-fail-under",
        metavar="MIN",
        help="fail if less than this percentage of the lifecycle was met; turns --understudy-cov on",
    )


def _add_settings(parser: pytest.Parser) -> None:
    parser.addini(
        "understudy_cov_omit",
        "names (wildcards allowed) that the app cannot meet, left out of coverage",
        type="args",
        default=[],
    )
    parser.addini("understudy_cassettes", "the directory of cassettes, relative to the rootdir", default="cassettes")
    parser.addini("understudy_hosts", "more host names whose requests are answered", type="args", default=[])
    parser.addini(
        "understudy_pass_hosts", "host names whose requests are let out, whichever SDK sends them", type="args", default=[]
    )
    parser.addini("understudy_guard", "the option --understudy-guard for every session", type="bool", default=False)
    parser.addini("understudy_time", "what moves the clock of `understudy`: poll (default), manual, sleep, real", default="")
    parser.addini("understudy_strict", "the marker's `strict` for every test: true, false, or empty for neither", default="")
    parser.addini("understudy_seed", "the seed of the ids that `understudy` makes (default 0)", default="")
    parser.addini(
        "understudy_api_key",
        "supply an API key for the whole session, collection included: for apps that build a client on import",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    _import_as_installed(config)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.getini("filterwarnings")[:0] = _KNOWN  # first, so that the project's own filters win
    config.pluginmanager.register(Summary(), "understudy-summary")
    if any(config.getoption(f"understudy_cov{more}") for more in ("", "_report", "_fail_under")):
        from understudy.pytest_plugin.lifecycle_coverage import LifecycleCoverage

        config.pluginmanager.register(LifecycleCoverage(config), "understudy-coverage")
    if hasattr(config, "workerinput") or getattr(config.option, "dist", "no") != "no":  # xdist's
        from understudy.pytest_plugin.across_workers import ComparedHistories, WorkerHistories

        compared = WorkerHistories(config) if hasattr(config, "workerinput") else ComparedHistories()
        config.pluginmanager.register(compared, "understudy-determinism")
    if config.getoption("understudy_guard") or config.getini("understudy_guard"):
        from understudy.pytest_plugin.guard import SessionGuard

        config.pluginmanager.register(SessionGuard(config), "understudy-guard")
    if config.getini("understudy_api_key"):
        from understudy._http.api_key import supplied_api_key

        config.stash[_stack] = ExitStack()
        config.stash[_stack].enter_context(supplied_api_key())


def _import_as_installed(config: pytest.Config) -> None:
    """Let the package be imported from the bytecode it was installed with.

    pytest rewrites the assertions of every module of a plugin's distribution, for readable failures. Ours has none that
    a test would see, and where bytecode is not written (`PYTHONDONTWRITEBYTECODE`, as in most containers) pytest
    compiles all of its modules again in every process.
    """
    hook = config.pluginmanager.rewrite_hook
    marked = getattr(hook, "_must_rewrite", None)  # private: with a pytest that has it no more, imports are only slower
    if isinstance(marked, set) and "understudy" in marked:  # pragma: no branch - see above
        marked.discard("understudy")
        hook.mark_rewrite()  # names nothing, and forgets what was decided before


def pytest_unconfigure(config: pytest.Config) -> None:
    if _stack in config.stash:
        config.stash[_stack].close()


# -- fixtures -------------------------------------------------------------------


@pytest.fixture
def understudy(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Provide a simulated service that answers every OpenAI client in this test.

    It is a `Backend`: set what runs do with `next_run(Reply("..."))`, look at `requests`, `runs` and
    `messages(thread_id)`, move `clock`.
    Settings: `@pytest.mark.understudy(time=..., seed=..., strict=..., start=...)`.
    """
    from understudy._backend.simulate import active
    from understudy.pytest_plugin.settings import backend_for, is_fallback

    backend = backend_for(request.node)
    with nullcontext() if is_fallback(request.node) else active(backend), _asked_at_the_end(request.node, backend.close):
        yield backend
    _collect_hints(request.node, backend.hints)


@pytest.fixture
def understudy_cassette(request: pytest.FixtureRequest) -> Iterator[Cassette]:
    """Provide the cassette that this test plays or records.

    It has `.played`, `.unplayed` and `.path`. The test must be marked `@pytest.mark.cassette`; it need not name this
    fixture to be answered from the recording.
    """
    from understudy._cassettes import cassette_in_use
    from understudy.pytest_plugin.settings import PLAYING, cassette_for, for_each_example, is_fallback

    in_use = cassette_in_use()
    if in_use is not None:  # a fixture that keeps its own cassette open wins
        yield in_use
        return
    backend = request.getfixturevalue("understudy") if is_fallback(request.node) else None
    session = cassette_for(request.node, lambda: _failed(request.node), backend, _vcr_config(request))
    try:
        with session, _asked_at_the_end(request.node, session.finish), for_each_example(request.node, session.rewind):
            yield session.cassette
    finally:
        del request.config.stash[PLAYING]
    if session.set_aside is not None:
        said = f"the test failed, so no cassette was written; its recording is kept in {session.set_aside} until it passes."
        _collect_hints(request.node, [said])


@contextmanager
def _asked_at_the_end(item: pytest.Item, problems: Callable[[], list[UnderstudyError]]) -> Iterator[None]:
    """Ask for problems at the end of the call phase.

    Only until the fixture ends: an item lives as long as the session.
    """
    asked = item.stash.setdefault(_problems, [])
    asked.insert(0, problems)
    try:
        yield
    finally:
        asked.remove(problems)


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
        _understudy_session_server.world(request.node.name, understudy) as served,
        served.reached(),
        pytest.MonkeyPatch.context() as patch,  # not the test's own, which the test may undo
    ):
        for name, value in served.environment().items():
            patch.setenv(name, value)
        request.node.stash.setdefault(_problems, []).insert(0, served.problems)
        yield served


def _vcr_config(request: pytest.FixtureRequest) -> Any:
    """Return the project's `vcr_config`, as pytest-vcr has it; None without one."""
    try:
        return request.getfixturevalue("vcr_config")
    except pytest.FixtureLookupError as error:
        if error.argname != "vcr_config":
            raise
        return None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Return a marked test its cassette or its simulated service.

    Whether it names the fixture or not. A generated case also reports the bound of its kind.


    """
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if isinstance(getattr(script, "bound", None), str):  # made by `every_lifecycle`
        item.user_properties.append((_LIFECYCLES, f"{script.bound}: all {script.total} trajectories up to this bound"))
    names = getattr(item, "fixturenames", None)
    if names is None:
        return
    if item.get_closest_marker("cassette") is not None:
        if "understudy_cassette" not in names:
            names.insert(0, "understudy_cassette")
    elif item.get_closest_marker("understudy") is not None and "understudy" not in names:
        names.insert(0, "understudy")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Compare a case of `every_lifecycle` with its other cases."""
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if getattr(script, "is_compared", False):
        from understudy.pytest_plugin.settings import witness_for

        script.witness = witness_for(item, script)


# -- the end of a test ----------------------------------------------------------

_call_failed = pytest.StashKey[bool]()
_MODULES_IN_USE = ("_http.current", "pytest_plugin.settings")  # imported once a test simulates, replays or is marked
_beside = pytest.StashKey["list[UnderstudyError]"]()  # what went wrong on the test's side while it failed by itself


def _failed(item: pytest.Item) -> bool:
    return item.stash.get(_call_failed, True)  # a test that was not called failed in its setup


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test for its own mistakes in its call phase: FAILED, not ERROR.

    Even when the app swallowed them.
    """
    item.stash[_call_failed] = True
    try:
        result = yield
    except BaseException as error:
        item.stash[_call_failed] = not isinstance(error, pytest.skip.Exception)
        problems = _ask(item, passed=False)
        _skip_unperformable(item, [error, *problems])
        _explain(item, error)
        item.stash[_beside] = problems  # the test's own failure goes first
        raise
    if getattr(item, "_excinfo", None):  # a unittest.TestCase fails without raising here
        item.stash[_beside] = _ask(item, passed=False)
        return result
    problems = _ask(item, passed=True)
    if problems:
        from understudy.errors import raise_all

        _skip_unperformable(item, problems)
        try:
            raise_all(problems)
        except AssertionError as error:
            _explain(item, error)
            raise
    item.stash[_call_failed] = False
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Improve the report of a failed test; name the fixture that supplies an API key."""
    report = yield
    hint = ""
    if (
        report.failed
        and call.excinfo is not None
        and "OPENAI_API_KEY" in str(call.excinfo.value)
        and _problems not in item.stash
    ):
        hint = _how_to_get_a_key(item)
    if report.failed and (hint or any(f"understudy.{name}" in sys.modules for name in _MODULES_IN_USE)):
        from understudy.pytest_plugin.failure_reports import improve

        beside = [str(problem) for problem in item.stash.get(_beside, [])] if call.when == "call" else []
        improve(report, item, call.excinfo.value if call.excinfo is not None else None, beside, hint)
    return report


def _how_to_get_a_key(item: pytest.Item) -> str:
    if "understudy" in getattr(item, "fixturenames", ()):
        return (
            "A fixture builds an OpenAI client before `understudy` is set up: make that fixture request `understudy`, too."
        )
    return (
        "This test does not request the fixture `understudy`, so nothing is simulated and no API key is supplied. "
        f"To simulate the API here: `def {getattr(item, 'originalname', item.name)}(understudy)`, "
        "or @pytest.mark.understudy before it."
    )


def _skip_unperformable(item: pytest.Item, problems: Sequence[BaseException]) -> None:
    """Skip a generated case that calls a function in an app whose runs have none.

    It says nothing about the app.
    """
    from understudy.errors import NoFunction

    if any(name == _LIFECYCLES for name, _ in item.user_properties):
        for problem in problems:
            if isinstance(problem, NoFunction):
                pytest.skip(str(problem))


def _explain(item: pytest.Item, error: BaseException) -> None:
    backend: Any = getattr(item, "funcargs", {}).get("understudy")
    if backend is not None and isinstance(error, Exception):
        backend.explain(error)


def _ask(item: pytest.Item, *, passed: bool) -> list[UnderstudyError]:
    problems = [problem for close in item.stash.get(_problems, []) for problem in close()]
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    witness = getattr(script, "witness", None)
    if witness is not None:
        script.witness = None
        problems += witness.problems(passed=passed and not problems)
    return problems


# -- what the terminal says -----------------------------------------------------


def _collect_hints(item: pytest.Item, hints: Sequence[str]) -> None:
    for hint in hints:
        item.user_properties.append((_HINT, hint))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Collect hints of simulations that the test made itself.

    Also of requests that left the process meanwhile.
    """
    try:
        return (yield)
    finally:
        for name, take in (("_backend.simulate", "take_hints"), ("_http.refusing", "take_strays")):
            module = sys.modules.get(f"understudy.{name}")  # imported once a simulation was made
            if module is not None:
                _collect_hints(item, getattr(module, take)())


_VARYING = re.compile(r"'[^']*'|\S*[/\\\d]\S*")  # names, paths and numbers: hints that differ only in these are one kind


class Summary:
    """The terminal's summary: which lifecycles were tried, and hints.

    One for each session.
    """

    def __init__(self) -> None:
        self._hints: dict[str, list[str]] = {}
        self._cases: dict[tuple[str, str], Counter[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == _LIFECYCLES and (report.when == "call" or not report.passed):
                case = (report.nodeid.partition("[")[0], str(value))
                self._cases.setdefault(case, Counter())[report.outcome] += 1
            elif name == _HINT and report.when == "teardown":
                self._hints.setdefault(str(value), []).append(report.nodeid)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the hints that would make tests better.

        One of each kind, with the first test it is about; all with -v.
        """
        for (test, bound), ended in self._cases.items():
            counted = ", ".join(f"{number} {outcome}" for outcome, number in sorted(ended.items()))
            terminalreporter.line(f"{test}: {bound}; {counted}")
        if self._hints:
            terminalreporter.section("understudy hints")
        kinds: dict[str, list[tuple[str, str]]] = {}
        for hint, tests in self._hints.items():
            kind = hint if terminalreporter.config.get_verbosity() > 0 else _VARYING.sub("*", hint)
            kinds.setdefault(kind, []).extend((test, hint) for test in tests)
        for (test, hint), *others in kinds.values():
            more = f" and {len(others)} more" if others else ""
            terminalreporter.line(f"{test}{more}: {hint}")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Name the setting for an app that needs an API key when it is imported."""
    report = yield
    if not report.failed:
        return report
    hint, text = "", str(report.longrepr)
    if "OPENAI_API_KEY" in text and not collector.config.getini("understudy_api_key"):
        hint = "The app builds an OpenAI client when it is imported. Set `understudy_api_key = true` in the pytest ini."
        report.sections.append(("understudy", hint))
    if hint or "understudy" in text:
        from understudy.pytest_plugin.failure_reports import improve_collection, misspelled_import

        if misspelled := misspelled_import(text):
            report.sections.append(("understudy", misspelled))
        improve_collection(report, hint)
    return report
