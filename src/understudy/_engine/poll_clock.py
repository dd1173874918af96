"""The clock under polling: in `poll` mode, a read may move it.

This is the one place where a read moves anything.

**Theory of operation.** A test should not have to say how often the app polls. So the first read shows an object as it is,
and a read that would show the same state again moves the clock to the object's next change instead: every poll shows
progress, and none skips a state. The rules:
* a GET of a run moves to the run's next scripted change of status, if its present state was already shown;
* with none left (it hangs, or waits for the app), by one poll interval: so it expires in the end, if it can,
  and no deadline is ever jumped to;
* a list of a live run's steps, messages or runs moves only when the same list is requested again and nothing
  happened to the run in between;
* a GET of a vector store, a file in one, or a batch moves to its next change, if its present state was
  already shown; a list of such files does if the state of every file still being indexed was. Expiry is never
  jumped to;
* a write sent again because a conversation is locked moves as a repeated GET does.

What was shown is remembered here, by id, and not on the objects: each API has its own `PollClock`, and two that
read one object do not disturb each other.

The livelock detector is here, too: the same question `LIVELOCK_TIMES` times while the clock does not move and nothing is
written. Where time passes in between but cannot change anything (the app's own sleeping moves it, or the object
hangs and never expires), the app may have its own deadline: then `LIVELOCK_SECONDS` must have passed, too. A write
that is refused repeatedly because a conversation is locked counts likewise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from understudy._engine.engine import Engine
from understudy._engine.execution import Execution
from understudy._engine.file_objects import FileBatch, StoreFile, VectorStore
from understudy._engine.items import Conversation
from understudy.errors import Livelock

LIVELOCK_TIMES = 50
LIVELOCK_SECONDS = 600  # longer than any run lives
DEFAULT_INTERVAL_SECONDS = 1.0
POLLS_SLOWLY = (
    "the app sets its own poll_interval_ms, so the SDK really sleeps between polls: use time='sleep', where its "
    "sleeping moves the virtual clock instead"
)
Indexed = VectorStore | StoreFile | FileBatch


class PollClock:
    """Moves the clock of one service as one API is polled.

    Args:
        engine: the service.
        status_word: translates an execution's status to the API's.
        hints: the list to which suggestions for the test are added.

    Attributes:
        shown: the state last shown of each object, by its id (for a file in a vector store, with the store's id).
    """

    def __init__(self, engine: Engine, status_word: Callable[[str], str] = str, hints: list[str] | None = None) -> None:
        self.shown: dict[Any, Any] = {}
        self._engine = engine
        self._status_word = status_word
        self._hints = [] if hints is None else hints
        self._last_list: dict[str, int] = {}  # by question: the number of the run's events then
        self._repeats = Counter[tuple[str, bytes]]()  # since something could change
        self._changeable_at: float = engine.clock.now()
        self._at_once = Counter[tuple[str, bytes]]()  # since the clock moved
        self._asked_at: float = engine.clock.now()
        self._writes = engine.writes  # those noticed
        self._refusals: RefusalCounter | None = None  # made at the first refusal
        self._last_refused: tuple[str, bytes] | None = None

    def _notice_writes(self) -> None:
        """Treat every question as new after a write through any API."""
        if self._writes != self._engine.writes:
            self._writes = self._engine.writes
            self._last_list.clear()
            self._at_once.clear()
            self._repeats.clear()
            self._changeable_at = self._engine.written_at

    # -- moving -----------------------------------------------------------------

    def asked_execution(self, execution: Execution, interval: float | None) -> None:
        """Move before an execution is shown.

        `interval`: seconds between polls, as announced by the app's SDK; None if it is not.
        """
        clock = self._engine.clock
        if interval and clock.mode in ("poll", "manual") and POLLS_SLOWLY not in self._hints:
            self._hints.append(POLLS_SLOWLY)
        if clock.mode == "poll" and self.shown.get(execution.id) is execution.state.phase and not execution.is_over:
            self._move(execution, status_only=True, interval=interval)

    def asked_list(self, conversation: Conversation, question: str) -> None:
        """Move before a list of a conversation, or of its active execution, is shown."""
        self._notice_writes()
        execution = conversation.active
        if execution is None or self._engine.clock.mode != "poll":
            return
        if self._last_list.get(question) == len(execution.events):
            self._move(execution, status_only=False, interval=None)
        self._last_list[question] = len(execution.events)

    def asked_indexing(self, indexed: Indexed) -> None:
        """Move before a vector store, a file in one, or a batch of files is shown."""
        if self._engine.clock.mode == "poll" and self.shown.get(indexed.key()) == indexed.look():
            self._move_to(indexed.due_at())

    def asked_files(self, owner: VectorStore | FileBatch) -> None:
        """Move before a list of a store's or batch's files is shown.

        Afterwards they all count as shown.
        """
        if self._engine.clock.mode != "poll" or not owner.counts.by_status["in_progress"]:
            return
        if all(self.shown.get(file.key()) == file.look() for file in owner.files if file.due is not None):
            self._move_to(owner.due_at())
        for file in owner.files:
            self.shown[file.key()] = file.look()

    def _move_to(self, at: float | None) -> None:
        if at is not None:
            self._engine.clock.move_to(at)

    def _move(self, execution: Execution, *, status_only: bool, interval: float | None) -> None:
        clock = self._engine.clock
        at = execution.next_at(status_only=status_only)
        clock.move_to(clock.now() + (interval or DEFAULT_INTERVAL_SECONDS) if at is None else at)

    # -- the livelock detector ----------------------------------------------------

    def count(self, question: str, conversation: Conversation | None, body: bytes = b"") -> None:
        """Count a question, and detect a livelock.

        Args:
            question: method and URL.
            conversation: the one that the question is about, if any.
            body: the request's body, which distinguishes two questions with the same URL.

        Raises:
            Livelock: the same question was asked repeatedly while nothing could change.
        """
        clock = self._engine.clock
        if not clock.virtual:
            return
        self._notice_writes()
        now = clock.now()
        if now != self._asked_at:
            self._asked_at = now
            self._at_once.clear()
            if self._may_change(conversation):
                self._repeats.clear()
                self._changeable_at = now
        key = (question, body)
        self._at_once[key] += 1
        self._repeats[key] += 1
        is_patient = now - self._changeable_at < LIVELOCK_SECONDS
        if self._at_once[key] >= LIVELOCK_TIMES or (self._repeats[key] >= LIVELOCK_TIMES and not is_patient):
            raise Livelock(self._describe(question, self._repeats[key], conversation))

    def count_refusal(self, request: str, body: bytes, conversation: Conversation) -> None:
        """Count a write that a locked conversation refuses, and detect a livelock.

        Sent again, it moves the clock as a repeated question does: an app that retries waits for the lock.

        Raises:
            Livelock: it was refused repeatedly while nothing could change.
        """
        if self._refusals is None:
            self._refusals = RefusalCounter(self._engine, self._status_word)
        self._refusals.count(request, conversation, body)
        is_sent_again, self._last_refused = self._last_refused == (request, body), (request, body)
        if is_sent_again and conversation.active is not None and self._engine.clock.mode == "poll":
            self._move(conversation.active, status_only=True, interval=None)

    def _may_change(self, conversation: Conversation | None) -> bool:
        """Return whether the passing of time can change anything.

        Where sleeping moves the clock, time passes for ever, so there something must be due.
        """
        active = conversation.active if conversation is not None else None
        if active is not None and active.next_event_at() is None:
            return False  # it hangs, or another execution answers its calls; and it never expires
        if self._engine.clock.mode != "sleep":
            return True
        return active is not None if conversation is not None else not self._engine.agenda.is_empty

    def _describe(self, question: str, times: int, conversation: Conversation | None) -> str:
        clock = self._engine.clock
        passed = clock.now() - self._changeable_at
        moves = f"time={clock.mode!r} moves {_MOVES[clock.mode]}"
        if passed >= LIVELOCK_SECONDS:
            text = f"the app asked {question} {times} times over {passed / 60:.0f} minutes while nothing can change"
            moves = ""
        else:
            text = (
                f"the app asked {question} {times} times while nothing can change and the clock stays at {clock.now():.0f}"
            )
        latest: Execution | None = conversation.latest if conversation is not None else None
        if latest is None:
            why = f" ({moves})" if moves and clock.mode != "poll" else ""
            return f"{text}. It waits for something that will not happen{why}."
        status = self._status_word(latest.status)
        text += f": {latest.id} is {status!r}"
        is_paused_for_good = latest.status == "paused" and latest.deadline is None
        if not latest.is_over and not is_paused_for_good:
            if latest.next_event_at() is None:
                return f"{text}, and never ends. Cancel it, as an app with a deadline does."
            return f"{text}, and {moves}."
        return f"{text}, and will stay so. A loop that waits for another status never ends: does it handle {status!r}?"


class RefusalCounter(PollClock):
    """Counts refused writes: sending one is not a reason to start anew."""

    def _notice_writes(self) -> None:
        pass


_MOVES = {
    "poll": "when the app asks for a run",
    "manual": "only with understudy.clock.advance(seconds)",
    "sleep": "only when the app sleeps, and it does not sleep in between",
}
