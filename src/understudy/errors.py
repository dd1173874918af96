"""Errors for mistakes in a test, and how they reach both the app and the test.

The app's own mistakes are not here: they get the real service's answer (`understudy._apis.error_texts`). An
`UnderstudyError` is a mistake in the test (no script, a script that the service could not perform, a replay miss, an
operation that is not simulated). It reaches the app as a 501 answer that no SDK retries or renames, is kept, and is raised
again at the end of the test's call phase, so that a test cannot pass by swallowing it. It is an `AssertionError`, so that
pytest reports FAILED, not ERROR.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence

from understudy._common.messages import Response
from understudy._common.printable import printable


class UnderstudyError(AssertionError):
    """Base of the errors for mistakes in a test.

    `code` is the `error.code` of the 501 answer.
    """

    code = "understudy_error"

    def __str__(self) -> str:
        """Return the message with terminal control characters escaped.

        Parts of it may come from a cassette written by others.
        """
        return printable(super().__str__())


class NotSimulated(UnderstudyError):
    """A request to a part of the API that is not simulated."""

    code = "understudy_not_simulated"


class NoScript(UnderstudyError):
    """Under `strict=True`, a run started for which no script was set."""

    code = "understudy_no_script"


class ImpossibleScript(UnderstudyError, ValueError):
    """A script that the real service could not perform.

    Also a `ValueError`, because it is raised where the script is set.
    """

    code = "understudy_impossible_script"


class NoFunction(ImpossibleScript):
    """A generated script calls any function, and the run has none among its tools."""

    code = "understudy_no_function"


class CallableFailed(UnderstudyError):
    """A callable of the test raised an exception.

    That is a `when=`, a matcher in `match_on=`, or a side effect of a respx route.
    """

    code = "understudy_callable_failed"


class Livelock(UnderstudyError):
    """The app sends the same request repeatedly while nothing can change."""

    code = "understudy_livelock"


class Nondeterministic(UnderstudyError):
    """An app under `every_lifecycle` sent different requests after the same answers."""

    code = "understudy_nondeterministic"


class ClockNotAdvancing(UnderstudyError):
    """A stream has to wait for the virtual clock, and nothing moves it."""

    code = "understudy_clock_stands_still"


class RealTimeWait(UnderstudyError):
    """Under `time="sleep"` and `strict=True`, the app blocked in real time."""

    code = "understudy_real_sleep"


class ConflictingClock(UnderstudyError):
    """Another library has patched the time that `time="sleep"` would patch."""

    code = "understudy_two_clocks"


class ReplayMiss(UnderstudyError):
    """A request for which the cassette has no answer."""

    code = "understudy_replay_miss"


class CassetteError(UnderstudyError):
    """A cassette that cannot be read or written."""

    code = "understudy_cassette"


class NoBackend(UnderstudyError):
    """A client's request belongs to no active backend or cassette, or to several."""

    code = "understudy_no_world"


class RequestBlocked(UnderstudyError):
    """The network guard blocked a request that no simulator or cassette answers."""

    code = "understudy_request_blocked"


class Unused(UnderstudyError):
    """Something set up for the test was not used: a script, a fault, an interaction."""

    code = "understudy_unused"


class InternalError(UnderstudyError):
    """A defect of understudy itself.

    Its cause, with the traceback, is the `__cause__`.
    """

    code = "understudy_internal_error"


def raise_all(problems: Sequence[UnderstudyError]) -> None:
    """Raise a single problem, or several as one error that quotes them all.

    Does nothing if there are none.
    """
    __tracebackhide__ = True  # for pytest: only the problem's message matters
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    lines = "\n\n".join(f"{number}. {problem}" for number, problem in enumerate(problems, 1))
    raise UnderstudyError(f"{len(problems)} problems:\n\n{lines}") from problems[0]


def envelope(error: UnderstudyError) -> Response:
    """Return the 501 answer that carries an error of the test to the app.

    With `x-should-retry: false`, a 501 is raised at the first attempt, with our text, by every SDK generation; an exception
    raised in a transport would be retried and end as "Connection error.".
    """
    body = {"error": {"message": f"understudy: {error}", "type": "understudy_error", "param": None, "code": error.code}}
    headers = (("content-type", "application/json"), ("x-should-retry", "false"))
    return Response(501, headers, json.dumps(body, indent=2).encode())


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ` Did you mean '...'?` for the nearest known word, or ""."""
    close = nearest(word, known) if isinstance(word, str) else []
    return f" Did you mean {close[0]!r}?" if close else ""


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known words most like `word`, best first; none if none is like it."""
    return difflib.get_close_matches(word, list(known), n=most, cutoff=0.5)
