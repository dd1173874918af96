"""The pytest plugin: options, markers, fixtures.

No logic, and nothing heavy at pytest's start: only what a test uses is imported, when it uses it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from understudy._backend.backend import Backend
    from understudy._cassettes import Cassette
    from understudy._serve.for_tests import ServedBackend, SessionServer
    from understudy.errors import UnderstudyError

_problems = pytest.StashKey[list[Any]]()  # what to ask for problems at the end of the call phase, innermost first
_stack = pytest.StashKey[ExitStack]()
_LIFECYCLES = "understudy_lifecycles"  # user properties: they travel from xdist workers
_HINT = "understudy_hint"

MARKERS = (
    (
        "understudy(time='poll', seed=0, strict=None, start=1_700_000_000, script=None, hosts=(), other='error'): "
        "settings of the fixture `understudy` in this test, class or module. time: who moves the clock ('poll', 'manual', "
        "'sleep', 'real'); strict: True if every run needs a script, False if scripts may go unused; other='pass': let out "
        "what is not simulated."
    ),
    (
        "cassette(path=None, *more, match_on=None, ignore=(), fallback=None, ...): this test talks to a recording, by "
        "default `cassettes/<test file>/<test>.yaml`. Several paths are read in order, the first is recorded to. Of markers "
        "at test, class and module, the nearest has the last word on each setting. fallback='simulate': the simulated "
        "service goes on where the recording ends. The rest are settings of understudy.use_cassette."
    ),
)


# How openai's SDK says that the API under test is deprecated.
_KNOWN = ["ignore:The Assistants API is deprecated:DeprecationWarning", "ignore:deprecated$:DeprecationWarning"]


def pytest_addoption(parser: pytest.Parser) -> None:
    _add_options(parser.getgroup("understudy", "understudy: the OpenAI Assistants API recorded, replayed, simulated"))
    _add_settings(parser)


def _add_options(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--understudy-record",
        choices=("none", "once", "new", "all"),
        default="none",
        help="what cassettes record: none (default: never touch the network), once (only cassettes that do not exist), "
        "new (what a cassette does not hold yet), all (everything anew)",
    )
    group.addoption(
        "--understudy-unplayed",
        choices=("error", "warn", "ignore"),
        default="ignore",
        help="what to do about recorded requests that a test did not play: fail it, warn, or nothing (default: ignore)",
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
        help="lifecycle coverage: which statuses, transitions, steps, outcomes, events, faults the app has met, which not",
    )
    group.addoption(
        "--understudy-cov-report",
        action="append",
        metavar="TYPE",
        help="term (default), json[:FILE], html[:FILE], data[:FILE] (of a shard, for `understudy coverage combine`); "
        "may be given several times; switches --understudy-cov on",
    )
    group.addoption(
        "--understudy-cov-fail-under",
        metavar="MIN",
        help="fail if less than this percentage of the lifecycle was met; switches --understudy-cov on",
    )


def _add_settings(parser: pytest.Parser) -> None:
    parser.addini("understudy_cov_omit", "what the app cannot meet and coverage does not ask for", type="args", default=[])
    parser.addini("understudy_cassettes", "the directory of cassettes, relative to the rootdir", default="cassettes")
    parser.addini("understudy_hosts", "more host names whose requests are answered", type="args", default=[])
    parser.addini("understudy_pass_hosts", "host names whose requests are let out, whatever SDK", type="args", default=[])
    parser.addini("understudy_guard", "the option --understudy-guard for every session", type="bool", default=False)
    parser.addini("understudy_time", "who moves the clock of `understudy`: poll (default), manual, sleep, real", default="")
    parser.addini("understudy_strict", "the marker's `strict` for every test: true, false, or empty for neither", default="")
    parser.addini("understudy_seed", "the seed of the ids that `understudy` makes (default 0)", default="")
    parser.addini(
        "understudy_api_key",
        "supply an API key for the whole session, collection included: for apps that build a client on import",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.getini("filterwarnings")[:0] = _KNOWN  # first: what the project says about warnings comes after, and wins
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


def pytest_unconfigure(config: pytest.Config) -> None:
    if _stack in config.stash:
        config.stash[_stack].close()


# -- fixtures -------------------------------------------------------------------


@pytest.fixture
def understudy(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Return a simulated Assistants API that answers every OpenAI client in this test: a `Backend`.

    Say what runs do with `next_run(Reply("..."))`, look at `requests`, `runs`, `messages(thread_id)`, move `clock`.
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
    """Return the cassette that this test plays or records: `.played`, `.unplayed`, `.path`.

    The test has to be marked `@pytest.mark.cassette`; it need not name this fixture to be answered from the recording.
    """
    from understudy._cassettes import cassette_in_use
    from understudy.pytest_plugin.settings import PLAYING, cassette_for, for_each_example, is_fallback

    held = cassette_in_use()
    if held is not None:  # a fixture that holds a cassette of its own open has the last word
        yield held
        return
    backend = request.getfixturevalue("understudy") if is_fallback(request.node) else None
    session = cassette_for(request.node, lambda: _failed(request.node), backend, _vcr_config(request))
    try:
        with session, _asked_at_the_end(request.node, session.finish), for_each_example(request.node, session.rewind):
            yield session.cassette
    finally:
        del request.config.stash[PLAYING]
    if session.set_aside is not None:
        said = f"the test failed, so no cassette was written; what it recorded is in {session.set_aside} until it passes."
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
    """Return what a fixture asks that outlives the test belongs to no single test."""
    if fixturedef.scope == "function" or "understudy._http.current" not in sys.modules:
        return (yield)
    from understudy.pytest_plugin.wide_fixtures import setting_up

    with setting_up(fixturedef, request):
        return (yield)


@pytest.fixture(scope="session")
def _understudy_session_server() -> Iterator[SessionServer]:
    """Return the one server of the session, started by the first test that needs it."""
    try:
        from understudy._serve.for_tests import SessionServer

        server = SessionServer()
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise
        raise pytest.UsageError("`understudy_server` needs an HTTP server: pip install 'pytest-understudy[serve]'") from None
    yield server
    server.close()


@pytest.fixture
def understudy_server(
    request: pytest.FixtureRequest,
    _understudy_session_server: SessionServer,
    understudy: Backend,
) -> Iterator[ServedBackend]:
    """Return the test's backend over a real loopback socket, for apps in other processes: `.url`, `.backend`.

    While the test runs, `OPENAI_BASE_URL`, `OPENAI_API_KEY` and Azure's variables lead there. Settings and
    scripts are those of `understudy`: `understudy_server.backend.next_run(Reply("..."))`.
    """
    with (
        _understudy_session_server.world(request.node.name, understudy) as served,
        served.reached(),
        pytest.MonkeyPatch.context() as patch,  # not the test's own, which it may undo
    ):
        for name, value in served.environment().items():
            patch.setenv(name, value)
        request.node.stash.setdefault(_problems, []).insert(0, served.problems)
        yield served


def _vcr_config(request: pytest.FixtureRequest) -> Any:
    """Return the project's fixture of that name, where it comes from vcrpy and has one."""
    try:
        return request.getfixturevalue("vcr_config")
    except pytest.FixtureLookupError as error:
        if error.argname != "vcr_config":
            raise
        return None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a marked test its cassette or its simulated service, whether it names the fixture or not.

    A generated case says what it is one of.
    """
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if isinstance(getattr(script, "bound", None), str):  # what `every_lifecycle` made
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
    """What an app does in one case of `every_lifecycle` is compared with what it does in the others."""
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if getattr(script, "is_compared", False):
        from understudy.pytest_plugin.settings import witness_for

        script.witness = witness_for(item, script)


# -- the end of a test ----------------------------------------------------------

_call_failed = pytest.StashKey[bool]()
_MODULES_IN_USE = ("_http.current", "pytest_plugin.settings")  # imported by whatever simulates, replays or is marked
_beside = pytest.StashKey["list[UnderstudyError]"]()  # what went wrong on the test's side while it failed by itself


def _failed(item: pytest.Item) -> bool:
    return item.stash.get(_call_failed, True)  # a test that was never called failed before


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Mistakes of the test fail it in its call phase (FAILED, not ERROR), even when the app swallowed them."""
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
    if getattr(item, "_excinfo", None):  # a unittest.TestCase has failed without raising
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
    """Return a test that fails for want of a key, and has no fixture of ours that supplies one, is told how to get it."""
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
        return "A fixture builds an OpenAI client before `understudy` is set up: let that fixture request `understudy`, too."
    return (
        "This test does not request the fixture `understudy`, so nothing is simulated and no key supplied. To simulate the "
        f"API here: `def {getattr(item, 'originalname', item.name)}(understudy)`, or @pytest.mark.understudy before it."
    )


def _skip_unperformable(item: pytest.Item, problems: Sequence[BaseException]) -> None:
    """A generated case that calls a function says nothing about an app whose runs have none: skipped, and counted so."""
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
    """Return the hints of the worlds that the test made itself, and what strays of any test have asked meanwhile."""
    try:
        return (yield)
    finally:
        for name, take in (("_backend.simulate", "take_hints"), ("_http.refusing", "take_strays")):
            module = sys.modules.get(f"understudy.{name}")  # imported by whoever made a world
            if module is not None:
                _collect_hints(item, getattr(module, take)())


_VARYING = re.compile(r"'[^']*'|\S*[/\\\d]\S*")  # in a hint: names, paths and numbers; without them it is a kind


class Summary:
    """What the terminal says at the end: which lifecycles were tried, and hints.

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
        """Show the hints that would make tests better: one of each kind, with the first test it is about; all with -v."""
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
    """Return an app that builds its client on import fails without a key: name the setting that helps."""
    report = yield
    if not report.failed:
        return report
    hint, text = "", str(report.longrepr)
    if "OPENAI_API_KEY" in text and not collector.config.getini("understudy_api_key"):
        hint = "The app builds an OpenAI client when it is imported. Set `understudy_api_key = true` in the pytest ini."
        report.sections.append(("understudy", hint))
    if hint or "understudy" in text:
        from understudy.pytest_plugin.failure_reports import improve_collection

        improve_collection(report, hint)
    return report
