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
    """Take the secrets out of the texts of an error and of what led to it."""
    seen = set[int]()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        following.args = tuple(clean(arg) if isinstance(arg, str) else arg for arg in following.args)
        following = following.__cause__ or following.__context__
