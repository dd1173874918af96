"""Run two apps on the same script, each in its own simulation, and compare them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from understudy._backend.backend import Backend
from understudy._backend.simulate import active
from understudy._cassettes import load
from understudy._engine.clock import TimeMode
from understudy._engine.script import Script
from understudy._parity.report import ParityReport, Side
from understudy._parity.results import Raised, meaning
from understudy._parity.running import check_app, check_callback, is_recording, run_app
from understudy._properties.trajectory import Trajectory
from understudy._transcript.comparing import Difference, Words, check_words, differences
from understudy._transcript.recorded import transcript_of
from understudy._transcript.transcript import Transcript
from understudy.errors import NoFunction, UnderstudyError, Unused, raise_all

App: TypeAlias = Callable[[], Any]
Recording: TypeAlias = "str | os.PathLike[str]"
_START = 1_700_000_000


class _Ran(NamedTuple):
    """The outcome of one side.

    `result`: `_NOT_RECORDED` for a recording, which does not show what its app returned.
    """

    result: Any
    transcript: Transcript
    side: Side
    unused: list[Unused]


_NOT_RECORDED = object()


def parity(
    old: App | Recording,
    new: App | Recording,
    *,
    script: Script | None = None,
    set_up: Callable[[Backend], object] | None = None,
    seed: int = 0,
    time: TimeMode = "poll",
    strict: bool | None = None,
    normalize: Callable[[Any], Any] | None = None,
    words: Words = "exact",
) -> ParityReport:
    """Run two apps on the same script; report what differs for the user.

    Each app runs in a simulation of its own.

    The report has `same`, `differences`, the transcripts `old` and `new`, `check()`, and `write("parity.html")`.

    Args:
        old, new: callables without arguments, sync or async (also generators, whose pieces are collected). What they return
            is their result; so is an exception that they raise. In place of an app, pass the path of a cassette
            of what its app did; what that app returned is not compared.
        script: moves that every run takes, as in `simulate`; by default a polite sentence.
        set_up: called with the `Backend` of each side before its app, the same for both: objects, queued scripts, faults.
        seed, time, strict: as in `simulate`, the same for both.
        normalize: applied to both results before they are compared; an exception is not passed to it.
        words: how the model's replies are compared: `"exact"`, `"ignore"`, or a function of both texts that returns
            whether they mean the same. For recordings, whose models were not scripted.

    Raises:
        UnderstudyError: a mistake of the test, on either side; a note names the side.
        CassetteError: a recording cannot be read.
    """
    sides = (("old", old), ("new", new))
    for name, app in sides:
        check_app(app, name)
    check_words(words)
    check_callback(set_up, "set_up", "one argument, the backend of a side")
    check_callback(normalize, "normalize", "one argument, a result")
    settings: dict[str, Any] = {"seed": seed, "time": time, "strict": strict}
    ran = [_read(app) if is_recording(app) else _run(name, app, script, set_up, settings) for name, app in sides]
    found = differences(ran[0].transcript.turns, ran[1].transcript.turns, words)
    if not any(one.result is _NOT_RECORDED for one in ran):
        found += _of_results(ran[0].result, ran[1].result, normalize)
    if not found:  # otherwise an unused script is part of what differs, and the report shows that
        raise_all([problem for one in ran for problem in one.unused])
    code, took = _code(old, new, script, seed, time), (ran[0].side, ran[1].side)
    return ParityReport(ran[0].transcript, ran[1].transcript, found, sides=took, code=code, words=words)


def _read(path: Any) -> _Ran:
    session = load(Path(path))
    transcript = transcript_of(session, path)
    retries = sum(_is_retry(dict(exchange.request_headers)) for exchange in session)
    return _Ran(_NOT_RECORDED, transcript, Side(len(session), retries, None, models_of(transcript)), [])


def _run(
    name: str, app: Any, script: Script | None, set_up: Callable[[Backend], object] | None, settings: dict[str, Any]
) -> _Ran:
    backend = Backend(script=_for_one_side(script), start=_START, **settings)
    with active(backend):
        if set_up is not None:
            set_up(backend)
        result = run_app(app)
        transcript = backend.transcript()
        sent = [request.headers for request in backend.requests]
        seconds = backend.clock.now() - _START if backend.clock.virtual else None
    problems = backend.close()
    unused = [problem for problem in problems if isinstance(problem, Unused)]
    _raise_mistakes([problem for problem in problems if problem not in unused], name)
    retries = sum(_is_retry(headers) for headers in sent)
    return _Ran(result, transcript, Side(len(sent), retries, seconds, models_of(transcript)), unused)


def models_of(transcript: Transcript) -> tuple[str, ...]:
    """Return the models that were asked, each once."""
    return tuple(dict.fromkeys(turn.model for turn in transcript.turns if turn.model))


def _for_one_side(script: Script | None) -> Script | None:
    """Return a copy of a generated script for one side.

    A generated script compares what one app does in all its cases, and these are two apps.
    """
    if isinstance(script, Trajectory):
        return Trajectory(script, name=script.name, faults=script.faults)
    return script


def _raise_mistakes(problems: list[UnderstudyError], name: str) -> None:
    # A generated script that this app cannot perform says nothing about the app: raised first, so that tests skip the case.
    problems.sort(key=lambda problem: not isinstance(problem, NoFunction))
    for problem in problems:
        problem.add_note(f"in the simulation of the {name} app of understudy.parity")
    raise_all(problems[:1] if problems and isinstance(problems[0], NoFunction) else problems)


def _is_retry(headers: Any) -> bool:
    return any(name.lower() == "x-stainless-retry-count" and value not in ("", "0") for name, value in headers.items())


def _of_results(old: Any, new: Any, normalize: Callable[[Any], Any] | None) -> list[Difference]:
    if normalize is not None:
        old, new = (value if isinstance(value, Raised) else normalize(value) for value in (old, new))
    if bool(meaning(old) == meaning(new)):
        return []
    if meaning(old, keeps_markers=False) == meaning(new, keeps_markers=False):
        return [Difference("citation", None, old, new, "the results differ in citation markers alone")]
    return [Difference("result", None, old, new)]


def _code(old: Any, new: Any, script: Script | None, seed: int, time: TimeMode) -> str:
    """Return the call as code, as far as a script is a value."""
    given = ["script=..." if callable(script) else f"script={script!r}"] if script is not None else []
    given += [
        f"{name}={value!r}" for name, value, default in (("seed", seed, 0), ("time", time, "poll")) if value != default
    ]
    names = [_name(old), _name(new)]
    if names[0] == names[1] != "...":
        names = [f"{_module(app)}{name}" for app, name in zip((old, new), names, strict=True)]
    return f"understudy.parity({', '.join([*names, *given])})"


def _name(app: Any) -> str:
    if is_recording(app):
        return repr(os.fspath(app))
    name = getattr(app, "__qualname__", "") or type(app).__qualname__
    return "..." if "<lambda>" in name else name.rpartition("<locals>.")[2]


def _module(app: Any) -> str:
    """Return the module of an app, with a dot behind it; "" if it has none."""
    module = getattr(app, "__module__", None)
    is_named = hasattr(app, "__qualname__") and "<locals>" not in app.__qualname__
    return f"{module}." if is_named and module and not is_recording(app) else ""
