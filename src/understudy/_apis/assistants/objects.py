"""The objects that the Assistants API adds to the engine.

Assistants, threads (conversations) and runs (executions). `AssistantsObjects` is the part of a service that belongs to
this API: `engine.part(AssistantsObjects)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from understudy._engine.api_error import ApiError
from understudy._engine.engine import Engine
from understudy._engine.execution import Execution, Step
from understudy._engine.items import Conversation, Item, MessageState, Part, is_message
from understudy._engine.listing import Listing

Json = dict[str, Any]

LIFETIME_SECONDS = 600  # expires_at - created_at of a run [REC, 958 of 958]


@dataclass(slots=True, kw_only=True)
class Assistant:
    """An assistant; the fields are the API's."""

    id: str
    created_at: float
    model: str
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: list[Json] = field(default_factory=list)
    top_p: float | None = 1.0
    temperature: float | None = 1.0
    reasoning_effort: str | None = None
    tool_resources: Json = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    response_format: Any = "auto"


@dataclass(slots=True, kw_only=True)
class Thread(Conversation):
    """A conversation, with its runs and the resources of their tools."""

    tool_resources: Json = field(default_factory=dict)
    runs: Listing[Run] = field(default_factory=Listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """The settings of a run: those of its request, else of its assistant."""

    model: str
    instructions: str | None
    tools: list[Json]
    temperature: float | None
    top_p: float | None
    reasoning_effort: str | None
    max_completion_tokens: int | None
    max_prompt_tokens: int | None
    truncation_strategy: Json
    response_format: Any
    tool_choice: Any
    parallel_tool_calls: bool


@dataclass(slots=True, kw_only=True)
class Run:
    """An execution, with the settings and metadata of its request.

    `sent`: fields of the request that the fields of a run do not show.
    """

    id: str
    created_at: float
    thread_id: str
    assistant_id: str
    settings: RunSettings
    execution: Execution
    metadata: dict[str, str] = field(default_factory=dict)
    sent: Json = field(default_factory=dict)

    @property
    def steps(self) -> Listing[Step]:
        """The steps so far."""
        return self.execution.steps

    @property
    def is_over(self) -> bool:
        """Whether the run is in a terminal status."""
        return self.execution.is_over


class AssistantsObjects:
    """The assistants and threads of one service.

    Attributes:
        shown_runs: the latest views of runs, by id, each with what it was made from: see `endpoints.runs.show`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.assistants: Listing[Assistant] = Listing()
        self.threads: Listing[Thread] = Listing()
        self.shown_runs: dict[str, tuple[Any, Any, Json]] = {}

    # -- finding --------------------------------------------------------------

    def assistant(self, assistant_id: str) -> Assistant:
        """Return an assistant; refuse an unknown id."""
        return self.assistants.get(assistant_id) or _refuse("assistant.not_found", assistant_id)

    def thread(self, thread_id: str) -> Thread:
        """Return a thread; refuse an unknown id."""
        return self.threads.get(thread_id) or _refuse("thread.not_found", thread_id)

    def message(self, thread_id: str, message_id: str) -> Item:
        """Return a message; refuse an unknown id."""
        item = self.thread(thread_id).items.get(message_id)
        return item if item is not None and is_message(item) else _refuse("message.not_found", message_id)

    def run(self, thread_id: str, run_id: str) -> Run:
        """Return a run; refuse an unknown id."""
        thread = self.threads.get(thread_id) or self.thread(thread_id)
        return thread.runs.get(run_id) or _refuse("run.not_found", run_id)

    def step(self, thread_id: str, run_id: str, step_id: str) -> Step:
        """Return a step; refuse an unknown id."""
        return self.run(thread_id, run_id).steps.get(step_id) or _refuse("step.not_found", step_id)

    def run_of_id(self, run_id: str) -> Run | None:
        """Return a run of any thread; None if there is none, or none any more."""
        execution = self._engine.executions.get(run_id)
        conversation = execution.conversation if execution is not None else None
        return conversation.runs.get(run_id) if isinstance(conversation, Thread) else None

    def runs(self) -> list[Run]:
        """Return all runs, oldest first."""
        self._engine.settle()  # in real time, events have become due
        runs = [run for thread in self.threads for run in thread.runs]
        return sorted(runs, key=lambda run: run.created_at)

    # -- making ---------------------------------------------------------------

    def add_assistant(self, *, id: str | None = None, created_at: float | None = None, **fields: Any) -> Assistant:  # noqa: A002
        """Store a new assistant."""
        at = self._engine.clock.now() if created_at is None else created_at
        assistant = Assistant(id=id or self._engine.new_id("assistant", at=at), created_at=at, **fields)
        self.assistants.add(assistant)
        return assistant

    def add_thread(self, *, id: str | None = None, created_at: float | None = None, **fields: Any) -> Thread:  # noqa: A002
        """Store a new thread."""
        at = self._engine.clock.now() if created_at is None else created_at
        thread = Thread(id=id or self._engine.new_id("thread", at=at), created_at=at, **fields)
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
    ) -> Item:
        """Store a message written by the app (not by a run).

        Raises:
            ApiError: a run of the thread is active.
        """
        if thread.active is not None:
            raise ApiError("thread.locked_for_messages", thread_id=thread.id, run_id=thread.active.id)
        at = self._engine.clock.now() if created_at is None else created_at
        message_id = id or self._engine.new_id("message", thread.id, at)
        state = MessageState(id=message_id, role=role, status="completed", content=content, ended_at=at)
        message = Item(id=message_id, created_at=at, conversation_id=thread.id, state=state, **fields)
        thread.items.add(message)
        return message

    def remove_thread(self, thread: Thread) -> None:
        """Delete a thread with everything in it.

        Its active run ends without an event [INF].
        """
        self.threads.remove(thread.id)
        for run in thread.runs:
            self._engine.forget(run.execution)


def _refuse(name: str, wanted: str) -> Any:
    raise ApiError(name, id=wanted)
