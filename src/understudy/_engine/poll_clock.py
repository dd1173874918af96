"""Who moves the clock when the app only asks: the one place where reading moves anything, and only in `poll` mode.

The rules [design]:
* a GET of a run moves now to the run's next scripted change of status, if its present state was already shown;
* with none left (it hangs, or waits for the app), by one poll interval: so it expires in the end, and no deadline is
  ever jumped to;
* a list of a live run's steps, messages or runs moves now only when the same list is asked again and nothing happened
  to the run in between.

* a GET of a vector store, a file in one, or a batch moves now to its next change, if its present state was already shown;
  a list of such files does if that of every file still being indexed was. Expiry is never jumped to.

The livelock detector is here too: the same question `LIVELOCK` times while the clock stands and nothing was written. Where
the app's own sleeping moves the clock, it may have a deadline of its own: then `PATIENCE` seconds must have passed, too.
"""

from __future__ import annotations

from collections import Counter

from understudy._engine.engine import Engine
from understudy._engine.file_objects import FileBatch, StoreFile, VectorStore
from understudy._engine.objects import Run
from understudy.errors import Livelock

LIVELOCK = 50
PATIENCE = 600  # longer than any run lives
DEFAULT_INTERVAL = 1.0
Indexed = VectorStore | StoreFile | FileBatch


class PollClock:
    """Paces one world."""

    def __init__(self, engine: Engine) -> None:
        self._world = engine
        self._last_list: dict[str, int] = {}  # by question: how much of the run's timeline there was
        self._repeats = Counter[str]()  # since something could change
        self._changeable_at: float = engine.clock.now()
        self._at_once = Counter[str]()  # since the clock moved
        self._asked_at: float = engine.clock.now()

    def wrote(self) -> None:
        """The app did something: every question is a new one now."""
        self._last_list.clear()
        self._at_once.clear()
        self._start_anew()

    def asked_run(self, run: Run, interval: float | None) -> None:
        """Before a run is shown. `interval`: seconds between polls, as the app's SDK announced it."""
        if self._world.clock.mode != "poll":
            return
        performance = self._world.performances.get(run.id)
        if performance is None or run.shown is not run.state:
            return
        self._move(run, status_only=True, interval=interval)

    def asked_list(self, thread_id: str, question: str) -> None:
        """Before a list of a thread's messages or runs, or of a run's steps, is shown."""
        run = self._world.live_run(thread_id)
        if self._world.clock.mode != "poll" or run is None:
            return
        if self._last_list.get(question) == len(run.timeline):
            self._move(run, status_only=False, interval=None)
        self._last_list[question] = len(run.timeline)

    def asked_indexing(self, held: Indexed) -> None:
        """Before a vector store, a file in one, or a batch of files is shown."""
        if self._world.clock.mode == "poll" and held.shown == held.look():
            self._move_to(held.due_at())

    def asked_files(self, owner: VectorStore | FileBatch) -> None:
        """Before a list of a store's or a batch's files is shown; afterwards they all count as shown."""
        if self._world.clock.mode != "poll" or not owner.counts.by_status["in_progress"]:
            return
        if all(file.shown == file.look() for file in owner.files if file.due is not None):
            self._move_to(owner.due_at())
        for file in owner.files:
            file.shown = file.look()

    def _move_to(self, at: float | None) -> None:
        if at is not None:
            self._world.clock.move_to(at)

    def _move(self, run: Run, *, status_only: bool, interval: float | None) -> None:
        clock, performance = self._world.clock, self._world.performances[run.id]
        if performance.is_over:
            return
        at = performance.next_at(status_only=status_only)
        clock.move_to(clock.now() + (interval or DEFAULT_INTERVAL) if at is None else at)

    def count(self, question: str, thread_id: str | None) -> None:
        """After a GET: is this going anywhere?

        Raises:
            Livelock: the same question was asked again and again, and nothing could change in between.
        """
        clock = self._world.clock
        if not clock.virtual:
            return
        if clock.now() != self._asked_at:
            self._asked_at = clock.now()
            self._at_once.clear()
            if self._may_change(thread_id):
                self._start_anew()
        self._at_once[question] += 1
        self._repeats[question] += 1
        is_patient = clock.now() - self._changeable_at < PATIENCE
        if self._at_once[question] >= LIVELOCK or (self._repeats[question] >= LIVELOCK and not is_patient):
            raise Livelock(self._describe(question, thread_id))

    def _start_anew(self) -> None:
        self._repeats.clear()
        self._changeable_at = self._world.clock.now()

    def _may_change(self, thread_id: str | None) -> bool:
        """Whether time that passes can change anything. Where sleeping moves it, it passes for ever."""
        if self._world.clock.mode != "sleep":
            return True
        return self._world.live_run(thread_id) is not None if thread_id else not self._world.agenda.is_empty

    def _describe(self, question: str, thread_id: str | None) -> str:
        clock = self._world.clock
        passed = clock.now() - self._changeable_at
        times, moves = self._repeats[question], f"time={clock.mode!r} moves {_MOVES[clock.mode]}"
        if passed >= PATIENCE:
            text = f"the app asked {question} {times} times over {passed / 60:.0f} minutes while nothing can change"
            moves = ""
        else:
            text = (
                f"the app asked {question} {times} times while nothing can change and the clock stands at {clock.now():.0f}"
            )
        thread = self._world.threads.get(thread_id) if thread_id else None
        run = thread.runs.last() if thread else None
        if run is None:
            why = f" ({moves})" if moves and clock.mode != "poll" else ""
            return f"{text}. It waits for something that will not come{why}."
        text += f": {run.id} is {run.state.status!r}"
        if run is thread.active_run:  # type: ignore[union-attr]
            return f"{text}, and {moves}."
        return (
            f"{text}, and will stay so. A loop that waits for another status never ends: does it know {run.state.status!r}?"
        )


_MOVES = {
    "poll": "when a run is asked for",
    "manual": "only with understudy.clock.advance(seconds)",
    "sleep": "only when the app sleeps, and it does not sleep in between",
}
