"""Errors as they may be shown: without secrets, without frames with the request."""

from __future__ import annotations

from collections.abc import Callable

from understudy.errors import InternalError, UnderstudyError


def scrubbed_error(error: UnderstudyError, clean: Callable[[str], str]) -> UnderstudyError:
    """Return an error that can be shown in place of another.

    It has no traceback and no context: a test framework shows what their frames hold, and what was
    being handled. A defect of understudy, and an error with a cause (a hook of the user's that
    failed), keep both, since they cannot be fixed without; the texts are cleaned.

    Args:
        error: as it was raised.
        clean: takes the secrets out of a text.
    """
    if error.__cause__ is None and not isinstance(error, InternalError):
        return type(error)(clean(str(error)))
    clean_chain(error, clean)
    return error


def clean_chain(error: BaseException, clean: Callable[[str], str]) -> None:
    """Take the secrets out of the texts of an error and of what led to it.

    Its notes, too. An argument that is not text and holds a secret becomes its clean `repr`.
    """
    seen = set[int]()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        following.args = tuple(_clean_argument(arg, clean) for arg in following.args)
        if hasattr(following, "__notes__"):
            following.__notes__ = [clean(str(note)) for note in following.__notes__]
        following = following.__cause__ or following.__context__


def _clean_argument(argument: object, clean: Callable[[str], str]) -> object:
    if isinstance(argument, str):
        return clean(argument)
    shown = repr(argument)
    text = clean(shown)
    return argument if text == shown else text
