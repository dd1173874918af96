"""The queue of scripts, and the choice of the one that a run takes.

A run takes the first queued script that fits, else the latest default that fits, else a polite sentence.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from understudy._common.call_site import blame, caller
from understudy._engine.moves.reply import Reply
from understudy._engine.script import ScriptFunction, Step, check_moves
from understudy.errors import CallableFailed, ImpossibleScript, NoScript

DEFAULT_SENTENCE = "I am only the understudy, but I am glad to help."
When = str | re.Pattern[str] | Callable[[str], Any]


class ScriptLabels(NamedTuple):
    """What scripts are chosen by, as the face of an execution provides it.

    Attributes:
        kind: the word for it: `run`, `response`.
        assistant: the id compared with the `assistant=` of a script; None fits no such script.
        thread: likewise with `thread=`: the id of the thread or conversation.
    """

    kind: str
    assistant: str | None = None
    thread: str | None = None

    def __str__(self) -> str:
        of = f" of assistant {self.assistant!r}" if self.assistant is not None else ""
        on = f" on thread {self.thread!r}" if self.thread is not None else ""
        return f"{self.kind}{of}{on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedScript:
    """A script as it was set.

    Attributes:
        moves: the script, or the function that makes it.
        where: the file and line that set it.
        assistant, thread: the ids that it is for; None for any.
        when: the condition on the last user message; None for any message.
    """

    moves: tuple[Step, ...] | ScriptFunction
    where: str
    assistant: str | None = None
    thread: str | None = None
    when: When | None = None

    def __post_init__(self) -> None:
        for name in ("assistant", "thread"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise TypeError(f"{name}={given!r}: expected an id (a str) or an object with an `id`")
        if not (self.when is None or isinstance(self.when, str | re.Pattern) or callable(self.when)):
            raise TypeError(f"when={self.when!r}: expected a str, a compiled pattern or a callable")

    def fits(self, labels: ScriptLabels, last_user_text: str) -> bool:
        """Return whether it is for such an execution.

        Raises:
            CallableFailed: the callable `when` raised.
        """
        if self.assistant not in (None, labels.assistant) or self.thread not in (None, labels.thread):
            return False
        if self.when is None:
            return True
        if isinstance(self.when, str):
            return self.when in last_user_text
        if isinstance(self.when, re.Pattern):
            return self.when.search(last_user_text) is not None
        try:
            return bool(self.when(last_user_text))
        except Exception as error:
            raise CallableFailed(
                f"when={blame(self.when)} of the script set at {self.where} raised {error!r} for the last user message "
                f"{last_user_text!r}. This callable belongs to the test."
            ) from error

    def __str__(self) -> str:
        moves = self.moves
        code = getattr(moves, "__name__", repr(moves)) if callable(moves) else ", ".join(map(repr, moves))
        limits = [f"{name}={getattr(self, name)!r}" for name in ("assistant", "thread", "when") if getattr(self, name)]
        return f"{', '.join([code, *limits])}  (set at {self.where})"


class ScriptQueue:
    """The scripts of one service.

    Args:
        strict: refuse executions that no script was set for.
    """

    def __init__(self, strict: bool | None) -> None:
        self.strict = strict
        self.queue: list[QueuedScript] = []
        self._refused: list[QueuedScript] = []
        self._defaults: list[QueuedScript] = []
        self._fallback = QueuedScript(moves=(Reply(DEFAULT_SENTENCE),), where="understudy's default")

    def next_run(self, moves: Sequence[Any], *, assistant: str | None, thread: str | None) -> None:
        """Queue a script for one run."""
        self.queue.append(QueuedScript(moves=_normal(moves), where=caller(), assistant=assistant, thread=thread))

    def every_run(self, moves: Sequence[Any], *, when: When | None, assistant: str | None, thread: str | None) -> None:
        """Set a default script."""
        script = QueuedScript(moves=_normal(moves), where=caller(), assistant=assistant, thread=thread, when=when)
        self._defaults.append(script)

    def choose(self, labels: ScriptLabels, last_user_text: str) -> QueuedScript:
        """Return the script for an execution about to start.

        It stays queued until `take`: an execution that is refused uses up none.

        Raises:
            NoScript: strict, and nothing fits.
        """
        for script in self.queue:
            if script.fits(labels, last_user_text):
                return script
        for script in reversed(self._defaults):
            if script.fits(labels, last_user_text):
                return script
        if self.strict:
            raise NoScript(self._why_none(labels, last_user_text))
        return self._fallback

    def take(self, script: QueuedScript) -> None:
        """Remove a script that is being used from the queue."""
        self.queue = [other for other in self.queue if other is not script]

    def refuse(self, script: QueuedScript) -> None:
        """Note that a script cannot be performed.

        It stays queued, and stops being reported as unused.
        """
        self._refused.append(script)

    def take_left(self) -> list[QueuedScript]:
        """Empty the queue; return the scripts that nothing used, refused ones excepted."""
        left = [script for script in self.queue if not any(script is other for other in self._refused)]
        self.queue = []
        return left

    def _why_none(self, labels: ScriptLabels, last_user_text: str) -> str:
        text = (
            f"a {labels} started, but no script was set for it (strict=True). The last user message is {last_user_text!r}."
        )
        others = [*self.queue, *self._defaults]
        if others:
            listed = "\n".join(f"  {script}" for script in others)
            return f"{text} These were set, but do not fit:\n{listed}"
        return f"{text} Set one before the run: understudy.next_run(Reply('...'))."


def _normal(moves: Sequence[Any]) -> tuple[Step, ...] | ScriptFunction:
    if len(moves) == 1 and callable(moves[0]) and not isinstance(moves[0], type):
        function: ScriptFunction = moves[0]
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise ImpossibleScript(f"{function.__name__} is async: expected a plain function or a generator function")
        return function
    return check_moves(moves)
