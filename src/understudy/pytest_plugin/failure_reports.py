"""Reports of failed tests: short tracebacks, and what the app sent.

Where understudy raised the exception, or answered the app with it, the report shows only the frames
of the test and of the app, and pytest's summary line is the exception's own message. Any other
traceback is left as it is.

Of an exception that understudy raised, or answered to the app, only the frames of the test and of the app are shown, and
its sentence is the one in pytest's summary. The traceback of any other exception is left as it is.
"""

from __future__ import annotations

import linecache
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Literal

import pytest

import understudy
from understudy._diagnostics.trace import TRACED
from understudy._http.current import opened_by
from understudy.errors import CallableFailed, InternalError, UnderstudyError, nearest
from understudy.pytest_plugin.failure_sections import MAX_SECTION_LINES, sections_of, text_of

# Packages whose frames say nothing about the test or the app: the SDKs, their libraries, and test runners.
_HIDDEN = frozenset(
    [
        *("openai", "azure", "httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "urllib", "http", "aiohttp"),
        *("anyio", "asyncio", "concurrent", "contextlib", "functools", "threading", "typing_extensions", "unittest"),
        *("warnings", "_py_warnings"),  # what is deprecated is wrapped
        *("understudy", "pytest", "_pytest", "pluggy", "pytest_asyncio", "hypothesis"),
    ]
)
_SDKS = frozenset(["openai", "azure", "httpx", "httpx2", "requests", "urllib3", "aiohttp"])
_NOT_EXPORTED = re.compile(r"cannot import name '(?P<name>\w+)' from 'understudy'")
_MAX_LINES = 25  # for one mistake: its frames, its text and the section
_MAX_SUMMARY_CHARACTERS = 200  # on CI, pytest prints the whole line


def improve(
    report: pytest.TestReport, item: pytest.Item, error: BaseException | None, beside: Sequence[str], hint: str = ""
) -> None:
    """Prune a failed report to what helps, and add the section `understudy`.

    Args:
        report: as pytest made it; it is changed.
        item: the test.
        error: the exception that it failed with.
        beside: further problems on the test's side.
        hint: what to do about an error of the SDK whose message does not say so.
    """
    handlers = _handlers(item)
    sections = sections_of(handlers, is_repeated=hasattr(getattr(item, "obj", None), "hypothesis"))
    advice = [line for section in sections for line in section.advice]
    answered = bool(handlers or hint)
    is_own = error is not None and _is_shown_pruned(error, answered)
    if error is not None and not item.config.getoption("fulltrace", False):
        _prune(report, item, error, is_own=is_own, answered=answered)
    if error is not None:
        sentence = f"understudy: {hint}" if hint else _sentence(error, [*advice, *beside])
        _summarize(report, sentence.replace(f"{item.nodeid}: ", "") if sentence else None)
    if report.when == "teardown" and not is_own:
        return
    shown = str(report.longrepr)
    problems = [hint] if hint else []
    problems += [problem for problem in beside if problem.partition("\n")[0] not in shown]
    if sections or problems:
        most = _MAX_LINES - 3 - shown.rstrip().count("\n") if is_own else MAX_SECTION_LINES  # less two lines of names
        is_traced = any(TRACED in note for note in getattr(error, "__notes__", ()))
        report.sections.append(("understudy", text_of(sections, problems, most, is_traced=is_traced)))


def _handlers(item: pytest.Item) -> list[object]:
    fixtures = getattr(item, "funcargs", {}) or {}
    given = [fixtures[name] for name in ("understudy",) if name in fixtures]
    opened = opened_by(item.nodeid)
    return [*(handler for handler in given if handler not in opened), *opened]


# -- whose failure it is -------------------------------------------------------------


def _is_shown_pruned(error: BaseException, answered: bool) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_is_shown_pruned(inner, answered) for inner in error.exceptions)
    return _is_own(error) or (answered and type(error).__module__.partition(".")[0] in _SDKS)


def _is_own(error: BaseException) -> bool:
    """Return True if understudy raised the error on purpose, or sent it to the app.

    The app gets one as the answer to a mistake in the test.
    """
    if isinstance(error, UnderstudyError):
        return True
    if str(getattr(error, "code", None) or "").startswith("understudy_"):
        return True
    last = _last(error.__traceback__)
    if last is None or not _is_of(last, {"understudy"}):
        return False
    line = linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno)
    return line.lstrip().startswith("raise ")  # any other error raised there is a defect of ours: shown in full


def _sentence(error: BaseException, advice: Sequence[str]) -> str | None:
    """Return the line for pytest's summary; None for an error that is not ours."""
    if isinstance(error, BaseExceptionGroup):
        said = (_sentence(inner, advice) for inner in error.exceptions)
        return next((sentence for sentence in said if sentence is not None), None)
    if not _is_own(error):
        is_refusal = type(error).__module__.partition(".")[0] in _SDKS and getattr(error, "status_code", None) == 404
        return _in_a_line(advice[0], error) if advice and is_refusal else None
    return _in_a_line(_message(error), error)


def _in_a_line(text: str, error: BaseException) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [type(error).__name__]
    first = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    first = first.replace(f"{Path.cwd()}{os.sep}", "")  # the summary line is short
    return f"understudy: {first if len(first) <= _MAX_SUMMARY_CHARACTERS else f'{first[: _MAX_SUMMARY_CHARACTERS - 3]}...'}"


def _message(error: BaseException) -> str:
    body = getattr(error, "body", None)
    text = body.get("message") if isinstance(body, dict) else None
    if not isinstance(text, str):
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    _, found, after = text.partition("understudy: ")
    return after if found else text


def _summarize(report: pytest.TestReport, sentence: str | None) -> None:
    crash = getattr(report.longrepr, "reprcrash", None)
    if sentence is not None and crash is not None:
        crash.message = sentence


# -- what is shown of the traceback ------------------------------------------------------


def _prune(report: pytest.TestReport, item: pytest.Item, error: BaseException, *, is_own: bool, answered: bool) -> None:
    """Rebuild the report without the frames of libraries.

    Only where the exception, or one that led to it, is to be shown so.
    """
    chain = list(_chain(error))
    pruned = [one for one in chain if _is_shown_pruned(one, answered)]
    if not pruned or not hasattr(report.longrepr, "reprcrash"):
        return
    before = [(one, one.__traceback__) for one in pruned]
    try:
        for one, traceback in before:
            kept = traceback if isinstance(one, InternalError) else _without_libraries(traceback)
            one.__traceback__ = kept or (_at_the_test(item, one) if one is error else None)
        if not is_own:
            report.longrepr = item.repr_failure(pytest.ExceptionInfo.from_exception(error))
            return
        options = item.config.option
        report.longrepr = pytest.ExceptionInfo.from_exception(error).getrepr(
            showlocals=options.showlocals,
            style=_style(options.tbstyle),
            tbfilter=_is_hidden_by_the_project,
            chain=any(isinstance(one, InternalError | CallableFailed) for one in chain),
        )
    finally:
        for one, traceback in before:
            one.__traceback__ = traceback


def _style(option: str) -> Literal["short", "long", "native"]:
    """Return the traceback style of our own failures.

    Each frame takes two lines, unless more was asked for.
    """
    if option == "native":
        return "native"
    return "long" if option == "long" else "short"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that led to it, as far as a traceback shows them."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        if isinstance(following, BaseExceptionGroup):
            yield from following.exceptions
        hidden = following.__suppress_context__
        following = following.__cause__ or (None if hidden else following.__context__)


def _without_libraries(traceback: TracebackType | None) -> TracebackType | None:
    """Copy a traceback without the frames of libraries; None if none are left."""
    kept = [one for one in _entries(traceback) if not _is_of(one, _HIDDEN)]
    copy: TracebackType | None = None
    for one in reversed(kept):
        copy = TracebackType(copy, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return copy


def _at_the_test(item: pytest.Item, error: BaseException) -> TracebackType | None:
    """Return a traceback that points at the definition of the test.

    For a problem found when all its frames are gone.
    """
    line = (item.location[1] or 0) + 1
    code = compile("\n" * (line - 1) + "raise error", str(item.path), "exec")
    code = code.replace(co_name=getattr(item, "originalname", None) or item.name)
    return _raised_by(code, error)


def _raised_by(code: CodeType, error: BaseException) -> TracebackType | None:
    before, error.__traceback__ = error.__traceback__, None
    try:
        exec(code, {"error": error})  # noqa: S102 - code of ours, one statement
    except BaseException as raised:
        return _last(raised.__traceback__)
    finally:
        error.__traceback__ = before
    raise AssertionError("unreachable")  # pragma: no cover


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _last(traceback: TracebackType | None) -> TracebackType | None:
    last = None
    for last in _entries(traceback):  # noqa: B007
        pass
    return last


def _is_of(entry: TracebackType, roots: frozenset[str] | set[str]) -> bool:
    name = entry.tb_frame.f_globals.get("__name__")
    return isinstance(name, str) and name.partition(".")[0] in roots


def _is_hidden_by_the_project(excinfo: Any) -> Any:
    """Hide the frames marked `__tracebackhide__`, unless none would be left."""
    shown = excinfo.traceback.filter(excinfo)
    return shown or excinfo.traceback


# -- what cannot be imported --------------------------------------------------------

_LIBRARY = re.compile(r"site-packages[\\/](openai|httpx2?|typing_extensions)\b|[\\/]understudy[\\/]_")


def misspelled_import(text: str) -> str:
    """Return the nearest name to one that `from understudy import` did not find.

    `text`: the report of the module; Python's own error names only what is missing.
    """
    found = _NOT_EXPORTED.search(text)
    close = nearest(found["name"], understudy.__all__) if found else []
    return f"understudy has no {found['name']!r}: did you mean {close[0]!r}?" if found and close else ""


def improve_collection(report: pytest.CollectReport, hint: str) -> None:
    """Prune the report of a module that cannot be imported.

    Only where understudy, or the SDK, refused what the module did.

    Args:
        report: as pytest made it; it is changed.
        hint: what to do about an error of the SDK whose message does not say so; empty where understudy refused.
    """
    crash = getattr(report.longrepr, "reprcrash", None)
    traceback = getattr(report.longrepr, "reprtraceback", None)
    if crash is None or traceback is None or not hasattr(traceback, "reprentries"):
        return
    places = [getattr(getattr(entry, "reprfileloc", None), "path", "") for entry in traceback.reprentries]
    kept = [entry for entry, path in zip(traceback.reprentries, places, strict=True) if not _LIBRARY.search(path)]
    if not kept or not places or not (hint or _LIBRARY.search(places[-1])):
        return
    last = traceback.reprentries[-1]
    if last is not kept[-1]:
        kept[-1].lines.extend(line for line in last.lines if line.startswith("E "))
    traceback.reprentries[:] = kept
    crash.message = f"understudy: {hint or crash.message.partition(': ')[2].partition(chr(10))[0]}"
