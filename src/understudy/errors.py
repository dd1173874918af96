"""What goes wrong on the test author's side, and how it reaches both the app and the test.

The app's own mistakes are not here: those get what the real service answered (`understudy._apis.error_texts`). An
`UnderstudyError` is a mistake of the test (no script, a script the service could not perform, a replay miss, an operation
that is not simulated). It reaches the app as a 501 envelope that no SDK retries or renames, is kept, and is raised again
at the end of the test's call phase, so that a test cannot pass by swallowing it. It is an `AssertionError`, so pytest
reports FAILED, not ERROR.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence

from understudy._common.messages import Response
from understudy._common.printable import printable


class UnderstudyError(AssertionError):
    """Base of every mistake in a test that understudy can name.

    `code` is the `error.code` of the 501 envelope.
    """

    code = "understudy_error"

    def __str__(self) -> str:
        """Give the message without what a terminal would obey: parts of it may come from somebody else's cassette."""
        return printable(super().__str__())


class NotSimulated(UnderstudyError):
    """A request to the API that is not part of what is simulated."""

    code = "understudy_not_simulated"


class NoScript(UnderstudyError):
    """Under `strict=True`: a run started for which no script was set."""

    code = "understudy_no_script"


class ImpossibleScript(UnderstudyError, ValueError):
    """A script the real service could not perform.

    A `ValueError` too, since it is raised where the script is set.
    """

    code = "understudy_impossible_script"


class NoFunction(ImpossibleScript):
    """A generated script calls a function, whichever there is, and the run has none among its tools."""

    code = "understudy_no_function"


class CallableFailed(UnderstudyError):
    """A callable of the test's own raised: a `when=`, a matcher in `match_on=`, a side effect of a respx route."""

    code = "understudy_callable_failed"


class Livelock(UnderstudyError):
    """The app asks the same question again and again while nothing can change."""

    code = "understudy_livelock"


class Nondeterministic(UnderstudyError):
    """An app under `every_lifecycle` sent different requests although it had been told the same."""

    code = "understudy_nondeterministic"


class ClockNotAdvancing(UnderstudyError):
    """A stream has to wait for the virtual clock, and nobody moves it."""

    code = "understudy_clock_stands_still"


class RealTimeWait(UnderstudyError):
    """With `time="sleep"` and `strict=True`: something waited in earnest."""

    code = "understudy_real_sleep"


class ConflictingClock(UnderstudyError):
    """Somebody else moves the time that `time="sleep"` would move."""

    code = "understudy_two_clocks"


class ReplayMiss(UnderstudyError):
    """A request for which the cassette holds no answer."""

    code = "understudy_replay_miss"


class CassetteError(UnderstudyError):
    """A cassette that cannot be read or written."""

    code = "understudy_cassette"


class NoBackend(UnderstudyError):
    """A request of a client that belongs to none, or to more than one, of the active backends and cassettes."""

    code = "understudy_no_world"


class RequestBlocked(UnderstudyError):
    """The guard is on, and a test sent a request that neither a simulator nor a cassette answers. It was not sent."""

    code = "understudy_request_blocked"


class Unused(UnderstudyError):
    """Something that was set up for the test and never happened: a script, a fault, a recorded interaction."""

    code = "understudy_unused"


class InternalError(UnderstudyError):
    """A defect of understudy itself.

    Its cause, with traceback, is the exception's `__cause__`.
    """

    code = "understudy_internal_error"


def raise_all(problems: Sequence[UnderstudyError]) -> None:
    """Raise the one problem there is, or several as one error that quotes them all.

    Nothing when there is none.
    """
    __tracebackhide__ = True  # of pytest: what matters is what the problem says
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    lines = "\n\n".join(f"{number}. {problem}" for number, problem in enumerate(problems, 1))
    raise UnderstudyError(f"{len(problems)} problems:\n\n{lines}") from problems[0]


def envelope(error: UnderstudyError) -> Response:
    """The 501 that carries an error of the test to the app.

    501 and `x-should-retry: false` together surface at the first attempt, with our text, in every SDK generation; an
    exception raised in a transport would be retried and end as "Connection error.".
    """
    body = {"error": {"message": f"understudy: {error}", "type": "understudy_error", "param": None, "code": error.code}}
    headers = (("content-type", "application/json"), ("x-should-retry", "false"))
    return Response(501, headers, json.dumps(body, indent=2).encode())


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """` Did you mean '...'?` with the known word most like `word`; empty when none is like it."""
    close = nearest(word, known) if isinstance(word, str) else []
    return f" Did you mean {close[0]!r}?" if close else ""


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words most like `word`, best first; empty when none is like it."""
    return difflib.get_close_matches(word, list(known), n=most, cutoff=0.5)
