"""The session: options, settings and markers; what is registered and collected.

Nothing heavy at pytest's start: what an option turns on is imported when it is.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from typing import Any

import pytest

from understudy.pytest_plugin.summary import LIFECYCLES, Summary

_stack = pytest.StashKey[ExitStack]()

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


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a marked test its cassette or its simulated service.

    Whether it names the fixture or not. A generated case also reports the bound of its kind.
    """
    script: Any = getattr(getattr(item, "callspec", None), "params", {}).get("script")
    if isinstance(getattr(script, "bound", None), str):  # made by `every_lifecycle`
        item.user_properties.append((LIFECYCLES, f"{script.bound}: all {script.total} trajectories up to this bound"))
    names = getattr(item, "fixturenames", None)
    if names is None:
        return
    if item.get_closest_marker("cassette") is not None:
        if "understudy_cassette" not in names:
            names.insert(0, "understudy_cassette")
    elif item.get_closest_marker("understudy") is not None and "understudy" not in names:
        names.insert(0, "understudy")


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
