"""Which script a run takes: the first queued one that fits, else the latest default that fits, else the polite sentence."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from understudy._common.call_site import blame, caller
from understudy.errors import CallableFailed, ImpossibleScript, NoScript
from understudy.scripts import DEFAULT_SENTENCE, Reply, ScriptFunction, Step, check_moves

When = str | re.Pattern[str] | Callable[[str], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedScript:
    """A script as it was set.

    Attributes:
        moves: the script, or the function that makes it.
        where: file and line that set it.
        assistant, thread: ids it is for; None for any.
        when: what the last user message must hold; None for anything.
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
                way_out = ": write .id after it" if hasattr(given, "id") else ""
                raise TypeError(f"{name}={given!r}: expected an id, a str{way_out}")
        if not (self.when is None or isinstance(self.when, str | re.Pattern) or callable(self.when)):
            raise TypeError(f"when={self.when!r}: expected a text, a compiled pattern or a callable")

    def fits(self, assistant: str, thread: str, last_user_text: str) -> bool:
        if self.assistant not in (None, assistant) or self.thread not in (None, thread):
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
                f"{last_user_text!r}. This callable is the test's own."
            ) from error

    def __str__(self) -> str:
        moves = self.moves
        code = getattr(moves, "__name__", repr(moves)) if callable(moves) else ", ".join(map(repr, moves))
        limits = [f"{name}={getattr(self, name)!r}" for name in ("assistant", "thread", "when") if getattr(self, name)]
        return f"{', '.join([code, *limits])}  (set at {self.where})"


class ScriptQueue:
    """The scripts of one world."""

    def __init__(self, strict: bool | None) -> None:
        self.strict = strict
        self.queue: list[QueuedScript] = []
        self._refused: list[QueuedScript] = []
        self._defaults: list[QueuedScript] = []
        self._last_resort = QueuedScript(moves=(Reply(DEFAULT_SENTENCE),), where="understudy's default")

    def next_run(self, moves: Sequence[Any], *, assistant: str | None, thread: str | None) -> None:
        self.queue.append(QueuedScript(moves=_normal(moves), where=caller(), assistant=assistant, thread=thread))

    def every_run(self, moves: Sequence[Any], *, when: When | None, assistant: str | None, thread: str | None) -> None:
        script = QueuedScript(moves=_normal(moves), where=caller(), assistant=assistant, thread=thread, when=when)
        self._defaults.append(script)

    def choose(self, assistant: str, thread: str, last_user_text: str) -> QueuedScript:
        """The script for a run about to start. It stays queued until `take`: a run that is refused uses none up.

        Raises:
            NoScript: strict, and nothing fits.
        """
        for script in self.queue:
            if script.fits(assistant, thread, last_user_text):
                return script
        for script in reversed(self._defaults):
            if script.fits(assistant, thread, last_user_text):
                return script
        if self.strict:
            raise NoScript(self._why_none(assistant, thread, last_user_text))
        return self._last_resort

    def take(self, script: QueuedScript) -> None:
        """The script is used: off the queue with it."""
        self.queue = [other for other in self.queue if other is not script]

    def refuse(self, script: QueuedScript) -> None:
        """The script cannot be performed, and the test was told so: it stays, but counts as left over no more."""
        self._refused.append(script)

    def take_left(self) -> list[QueuedScript]:
        """The scripts that no run came for; asked again, there are none."""
        left = [script for script in self.queue if not any(script is other for other in self._refused)]
        self.queue = []
        return left

    def _why_none(self, assistant: str, thread: str, last_user_text: str) -> str:
        text = (
            f"a run of assistant {assistant!r} on thread {thread!r} started, and no script was set for it (strict=True). "
            f"The last user message is {last_user_text!r}."
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
            raise ImpossibleScript(f"{function.__name__} is async: a script is a plain function or generator function")
        return function
    return check_moves(moves)
