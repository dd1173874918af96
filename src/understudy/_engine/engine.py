"""One simulated service: everything it holds, its clock, and what can be done to it. Nothing is module-global."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from understudy._engine.agenda import Agenda
from understudy._engine.api_error import ApiError
from understudy._engine.clock import Clock
from understudy._engine.file_objects import File
from understudy._engine.files import Files
from understudy._engine.ids import Ids
from understudy._engine.lifecycle import TERMINAL
from understudy._engine.listing import Listing
from understudy._engine.models import Models
from understudy._engine.objects import (
    Assistant,
    Event,
    Message,
    MessageState,
    Part,
    Run,
    RunSettings,
    RunState,
    SearchHit,
    Step,
    Thread,
)
from understudy._engine.planning import Planner
from understudy._engine.run_execution import LIFETIME_SECONDS, RunExecution
from understudy._engine.script_checks import check_against_run
from understudy._engine.script_queue import QueuedScript, ScriptQueue
from understudy._engine.search import search
from understudy._engine.vector_stores import Stores
from understudy.errors import UnderstudyError
from understudy.scripts import Moves, ScriptedRun

DEFAULT_RESULTS = 20  # how many passages a file search of a run finds at most [DOCS]


class Engine:
    """The service. Not thread-safe by itself: whoever calls it holds `lock`.

    Args:
        seed: every id is derived from it.
        time: the clock's mode, see `Clock`.
        start: what the clock shows at first, in unix seconds.
        strict: refuse runs without a script, see `ScriptQueue`.
    """

    def __init__(self, *, seed: int = 0, time: str = "poll", start: float = 1_700_000_000, strict: bool | None = None):
        self.lock = threading.RLock()
        self.clock = Clock(time, start, self.lock)
        self.clock.on_move = self.settle
        self.ids = Ids(seed)
        self.agenda = Agenda()
        self.book = ScriptQueue(strict)
        self.assistants: Listing[Assistant] = Listing()
        self.threads: Listing[Thread] = Listing()
        self.models = Models(start)
        self.files = Files(self.clock, self.agenda, self.ids, self._forget_file)
        self.stores = Stores(self.clock, self.agenda, self.ids, self.existing_file)
        self.performances: dict[str, RunExecution] = {}
        self._planners: dict[str, Planner] = {}

    def settle(self) -> None:
        """Let happen what is due."""
        self.agenda.settle(self.clock.now())

    def new_id(self, kind: str, parent: str = "", at: float | None = None) -> str:
        return self.ids.new(kind, parent, self.clock.now() if at is None else at)

    # -- finding --------------------------------------------------------------

    def assistant(self, assistant_id: str) -> Assistant:
        return self.assistants.get(assistant_id) or _refuse("assistant.not_found", assistant_id)

    def thread(self, thread_id: str) -> Thread:
        return self.threads.get(thread_id) or _refuse("thread.not_found", thread_id)

    def message(self, thread_id: str, message_id: str) -> Message:
        return self.thread(thread_id).messages.get(message_id) or _refuse("message.not_found", message_id)

    def run(self, thread_id: str, run_id: str) -> Run:
        return self.thread(thread_id).runs.get(run_id) or _refuse("run.not_found", run_id)

    def step(self, thread_id: str, run_id: str, step_id: str) -> Step:
        return self.run(thread_id, run_id).steps.get(step_id) or _refuse("step.not_found", step_id)

    def run_of_id(self, run_id: str) -> Run | None:
        """A run, whatever thread it is on; None when there is none of this id (any more)."""
        performance = self.performances.get(run_id)
        return performance.run if performance is not None else None

    def live_run(self, thread_id: str) -> Run | None:
        """The run of a thread that is not over, if there is one."""
        thread = self.threads.get(thread_id)
        return thread.active_run if thread else None

    # -- making ---------------------------------------------------------------

    def add_assistant(self, *, id: str | None = None, created_at: float | None = None, **fields: Any) -> Assistant:  # noqa: A002
        at = self.clock.now() if created_at is None else created_at
        assistant = Assistant(id=id or self.new_id("assistant", at=at), created_at=at, **fields)
        self.assistants.add(assistant)
        return assistant

    def add_thread(self, *, id: str | None = None, created_at: float | None = None, **fields: Any) -> Thread:  # noqa: A002
        at = self.clock.now() if created_at is None else created_at
        thread = Thread(id=id or self.new_id("thread", at=at), created_at=at, **fields)
        self.threads.add(thread)
        return thread

    def add_message(
        self,
        thread: Thread,
        *,
        role: str,
        content: tuple[Part, ...],
        id: str | None = None,  # noqa: A002
        created_at: float | None = None,
        **fields: Any,
    ) -> Message:
        """Add a message somebody wrote (not a run). Refused while a run of the thread is active."""
        if thread.active_run is not None:
            raise ApiError("thread.locked_for_messages", thread_id=thread.id, run_id=thread.active_run.id)
        at = self.clock.now() if created_at is None else created_at
        state = MessageState(status="completed", content=content, completed_at=at)
        message_id = id or self.new_id("message", thread.id, at)
        message = Message(id=message_id, created_at=at, thread_id=thread.id, role=role, state=state, **fields)
        thread.messages.add(message)
        return message

    def remove_thread(self, thread: Thread) -> None:
        """Delete a thread with all that belongs to it; a live run of it ends without a word. [INF]"""
        self.threads.remove(thread.id)
        for run in thread.runs:
            self._forget(run)

    # -- runs -----------------------------------------------------------------

    def start_run(self, thread: Thread, assistant: Assistant, settings: RunSettings, metadata: dict[str, str]) -> Run:
        """Start a run on a thread without an active one: it is queued, its script planned as far as it goes by itself.

        Raises:
            Refused: the thread has nothing to run on.
            NoScript, ImpossibleScript: the test's mistake; no run was created and no script used up.
        """
        if not settings.instructions and not any(message.role == "user" for message in thread.messages):
            raise ApiError("run.nothing_to_run_on")
        script = self.book.choose(assistant.id, thread.id, _last_user_text(thread))
        try:
            run = self._start(script, thread, assistant, settings, metadata)
        except UnderstudyError:
            self.book.refuse(script)
            raise
        self.book.take(script)
        return run

    def _start(
        self, script: QueuedScript, thread: Thread, assistant: Assistant, settings: RunSettings, metadata: dict[str, str]
    ) -> Run:
        now = self.clock.now()
        if not callable(script.moves):
            check_against_run(script.moves, settings.tools, self, script.where)
        run = Run(
            id=self.new_id("run", thread.id),
            created_at=now,
            thread_id=thread.id,
            assistant_id=assistant.id,
            settings=settings,
            metadata=metadata,
            state=RunState(status="queued", expires_at=now + LIFETIME_SECONDS),
        )
        moves = Moves(script.moves, _scripted(run, thread, now) if callable(script.moves) else None, script.where)
        thread.runs.add(run)
        thread.active_run = run
        performance = RunExecution(run, thread, self.agenda)
        run.timeline += [Event(now, "run.created", run, run.state), Event(now, "run.queued", run, run.state)]
        self.performances[run.id] = performance
        self._planners[run.id] = Planner(performance, moves, self, script.where)
        try:
            self._planners[run.id].start(now)
        except BaseException:
            self._withdraw(run, thread)
            raise
        return run

    def _withdraw(self, run: Run, thread: Thread) -> None:
        """A run that could not be planned never was."""
        thread.runs.remove(run.id)
        thread.active_run = None
        self._forget(run)

    def _forget(self, run: Run) -> None:
        self.performances.pop(run.id).drop()
        self._planners.pop(run.id)

    def submit(self, run: Run, submitted: list[tuple[str | None, str | None]]) -> None:
        """Hand in the outputs of a run's calls, as (call id, output). All of them at once, and no others. [REP]"""
        if run.state.status != "requires_action":
            raise ApiError("run.takes_no_outputs", status=run.state.status)
        wanted = [call.id for call in run.state.calls]
        got = [call_id for call_id, _ in submitted]
        if Counter(wanted) != Counter(got):
            raise ApiError("run.other_outputs_expected", expected=wanted, got=got)
        outputs = {call_id: output for call_id, output in submitted if call_id is not None}
        now = self.clock.now()
        planner = self._planners[run.id]
        planner.note_outputs(run.state.calls, outputs, now)
        self.performances[run.id].submit(now, outputs)
        planner.start(now, [outputs[call_id] or "" for call_id in wanted])

    def cancel(self, run: Run) -> None:
        if run.state.status in TERMINAL or run.state.status == "cancelling":
            raise ApiError("run.cannot_cancel", status=run.state.status)
        self.performances[run.id].cancel(self.clock.now())

    # -- files (what planning asks of the service) -------------------------------

    def existing_file(self, file_id: str) -> File:
        """A file that a body names. What the service said of an unknown one is not known. [INF]"""
        return self.files.listing.get(file_id) or _refuse("file.unknown", file_id)

    def file_name(self, file_id: str) -> str | None:
        file = self.files.listing.get(file_id)
        return file.filename if file is not None else None

    def add_image(self, data: bytes, at: float) -> str:
        return self.files.add_image(data, at)

    def search(self, run: Run, query: str) -> tuple[SearchHit, ...]:
        """Search the stores of a run's assistant and thread; without a query, for what the user said last.

        Files still being indexed are found too: the real service waits for them, up to a minute. [DOCS]
        """
        tool = next((tool for tool in run.settings.tools if tool["type"] == "file_search"), {}).get("file_search") or {}
        thread = self.thread(run.thread_id)
        stores = [self.stores.get(store_id) for store_id in self.store_ids_of(self.assistants.get(run.assistant_id), thread)]
        for store in stores:
            self.stores.touch(store)
        found = search(
            [
                (self.existing_file(file.id), file)
                for store in stores
                for file in store.files
                if file.state.status in ("in_progress", "completed")
            ],
            [query or _last_user_text(thread)],
            most=tool.get("max_num_results", DEFAULT_RESULTS),
            threshold=(tool.get("ranking_options") or {}).get("score_threshold", 0.0),
        )
        return tuple(
            SearchHit(hit.file.id, hit.file.filename, hit.score, hit.text, tuple(hit.stored.attributes.items()))
            for hit in found
        )

    def store_ids_of(self, assistant: Assistant | None, thread: Thread) -> list[str]:
        """The stores that a run sees, the assistant's first; deleted ones are passed over."""
        named = _store_ids(assistant.tool_resources) if assistant is not None else []
        named += _store_ids(thread.tool_resources)
        return [store_id for store_id in dict.fromkeys(named) if self.stores.listing.get(store_id) is not None]

    def _forget_file(self, file_id: str) -> None:
        self.stores.forget(file_id)


def _store_ids(tool_resources: dict[str, Any]) -> list[str]:
    return list((tool_resources.get("file_search") or {}).get("vector_store_ids", ()))


def _refuse(name: str, wanted: str) -> Any:
    raise ApiError(name, id=wanted)


def _last_user_text(thread: Thread) -> str:
    return next((message.text for message in reversed(thread.messages) if message.role == "user"), "")


def _scripted(run: Run, thread: Thread, now: float) -> ScriptedRun:
    return ScriptedRun(
        id=run.id,
        thread_id=thread.id,
        assistant_id=run.assistant_id,
        model=run.settings.model,
        instructions=run.settings.instructions,
        tools=run.settings.tools,
        metadata=run.metadata,
        messages=list(thread.messages),
        last_user_text=_last_user_text(thread),
        outputs={},
        now=now,
    )
