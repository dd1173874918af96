"""One simulated service: what its APIs share, and its executions.

Nothing is module-global. What only one API knows (assistants, threads, what its answers have shown) is a *part* of the
service, which that API's package makes and looks up with `Engine.part`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, TypeVar

from understudy._engine.agenda import Agenda
from understudy._engine.api_error import ApiError
from understudy._engine.clock import Clock, TimeMode
from understudy._engine.execution import Execution, ExecutionRequest, ScriptPosition
from understudy._engine.file_objects import File
from understudy._engine.files import Files
from understudy._engine.ids import Ids
from understudy._engine.models import Models
from understudy._engine.moves.base import Tool
from understudy._engine.overlap import Overlap
from understudy._engine.ports import SearchHit
from understudy._engine.script_queue import ScriptQueue
from understudy._engine.search import search
from understudy._engine.vector_stores import Stores
from understudy.errors import UnderstudyError

HISTORY_KEPT = 1000
DEFAULT_RESULTS = 20  # how many passages a file search finds at most [DOCS]
P = TypeVar("P")


class PartOf(Protocol):
    """Returns one API's part of a service, made when first requested."""

    def __call__(self, kind: Callable[[Engine], P]) -> P: ...


class Engine:
    """The service. Not thread-safe by itself: the caller must hold `lock`.

    Args:
        seed: every id is derived from it.
        time: the clock's mode, see `Clock`.
        start: the clock's first time, in unix seconds.
        strict: refuse executions without a script, see `ScriptQueue`.

    Attributes:
        executions: those running and those over, by id.
        history: the last 1,000 objects that a face made for an execution, oldest first; deleted ones, too.
        scripts: the scripts to be performed.
        overlap: lets the requests of several threads meet.
        part: returns one API's part of this service, made when first requested: `engine.part(AssistantsObjects)`.
        writes: how many writes the apps have made; `written_at`: the time of the last, in unix seconds.
    """

    def __init__(self, *, seed: int = 0, time: TimeMode = "poll", start: float = 1_700_000_000, strict: bool | None = None):
        self.lock = threading.RLock()
        self.overlap = Overlap(self.lock)
        self.clock = Clock(time, start, self.lock)
        self.ids = Ids(seed)
        self.agenda = Agenda()
        self.clock.on_move = self.agenda.settle
        self.scripts = ScriptQueue(strict)
        self.executions: dict[str, Execution] = {}
        self.history: deque[Any] = deque(maxlen=HISTORY_KEPT)
        self.models = Models(start)
        self.files = Files(self.clock, self.agenda, self.ids, self._forget_file)
        self.stores = Stores(self.clock, self.agenda, self.ids, self.existing_file)
        self.writes = 0
        self.written_at: float = start
        self.part: PartOf = cache(lambda kind: kind(self))

    def settle(self) -> None:
        """Carry out everything that is due."""
        self.agenda.settle(self.clock.now())

    def wrote(self) -> None:
        """Note that an app writes: every later read counts as a new question."""
        self.writes += 1
        self.written_at = self.clock.now()

    def new_id(self, kind: str, parent: str = "", at: float | None = None) -> str:
        """Return a new id of a kind under a parent.

        `at`: the creation time that some ids embed, in unix seconds; None for now.
        """
        return self.ids.new(kind, parent, self.clock.now() if at is None else at)

    # -- executions -----------------------------------------------------------

    def perform(self, request: ExecutionRequest, position: ScriptPosition | None = None) -> Execution:
        """Start an execution on a conversation.

        It is queued, and its script is planned as far as it goes without the app.

        Args:
            request: what to perform.
            position: where to continue a script; None to choose a script, which is then used up.

        Raises:
            NoScript, ImpossibleScript: the test's mistake; nothing is started and no script is used up.
        """
        script = position.script if position is not None else self.scripts.choose(request.labels, request.last_user_text)
        execution = Execution(request, position or ScriptPosition(script), self, self.agenda, self.clock.now())
        try:
            execution.begin()
        except BaseException as error:
            execution.drop()
            if isinstance(error, UnderstudyError):
                self.scripts.refuse(script)
            raise
        if position is None:
            self.scripts.take(script)
        self.executions[execution.id] = execution
        conversation = request.conversation
        conversation.active = conversation.latest = execution
        return execution

    def forget(self, execution: Execution) -> None:
        """Delete an execution; one that is live ends without any event [INF]."""
        self.executions.pop(execution.id).drop()

    # -- files (what planning asks of the service) -------------------------------

    def existing_file(self, file_id: str) -> File:
        """Return a file that a request body names.

        Raises:
            ApiError: no such file; the real text is unknown. [INF]
        """
        file = self.files.listing.get(file_id)
        if file is None:
            raise ApiError("file.unknown", id=file_id)
        return file

    def file_name(self, file_id: str) -> str | None:
        """Return a file's name, or None if it does not exist."""
        file = self.files.listing.get(file_id)
        return file.filename if file is not None else None

    def add_image(self, data: bytes, at: float) -> str:
        """Store an image that the model makes; return the file's id."""
        return self.files.add_image(data, at)

    def search(self, tool: Tool, query: str) -> tuple[SearchHit, ...]:
        """Search the vector stores of a tool, skipping deleted ones.

        Files still being indexed are searched, too: the real service waits for them, up to a minute. [DOCS]
        """
        stores = [store for store in map(self.stores.listing.get, tool.store_ids) if store is not None]
        for store in stores:
            self.stores.touch(store)
        found = search(
            [
                (self.existing_file(file.id), file)
                for store in stores
                for file in store.files
                if file.state.status in ("in_progress", "completed")
            ],
            [query],
            most=tool.options.get("most", DEFAULT_RESULTS),
            threshold=tool.options.get("score_threshold", 0.0),
        )
        return tuple(
            SearchHit(hit.file.id, hit.file.filename, hit.score, hit.text, tuple(hit.stored.attributes.items()))
            for hit in found
        )

    def _forget_file(self, file_id: str) -> None:
        self.stores.forget(file_id)
