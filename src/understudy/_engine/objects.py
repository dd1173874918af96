"""What the service holds. Each object has a fixed part and, if it lives through statuses, a frozen `state`.

A state is never changed but replaced, by one function (`lifecycle.moved`); every event keeps the state it led to. So what
a stream sends and what a poll reads are the same values, and history cannot be rewritten.

Times are unix seconds. `None` means what it means in the API: not yet, not set, or none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from understudy._engine.listing import Listing

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Assistant:
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
class Thread:
    id: str
    created_at: float
    metadata: dict[str, str] = field(default_factory=dict)
    tool_resources: Json = field(default_factory=dict)
    messages: Listing[Message] = field(default_factory=Listing)
    runs: Listing[Run] = field(default_factory=Listing)
    active_run: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A marker in a text that stands for a file. `start` and `end` are offsets in code points. [INF: may be UTF-16]"""

    kind: str  # file_citation | file_path
    text: str
    start: int
    end: int
    file_id: str


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageFile:
    file_id: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ImageUrl:
    url: str
    detail: str = "auto"


Part = Text | ImageFile | ImageUrl


@dataclass(frozen=True, slots=True)
class MessageDelta:
    """A piece of a message: of which of its parts, whether it is that part's first, how many annotations that part has."""

    index: int
    piece: Text | ImageFile
    is_first: bool
    annotations_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    status: str
    content: tuple[Part, ...] = ()
    completed_at: float | None = None
    incomplete_at: float | None = None
    incomplete_reason: str | None = None


@dataclass(slots=True, kw_only=True)
class Message:
    id: str
    created_at: float
    thread_id: str
    role: str
    state: MessageState
    assistant_id: str | None = None
    run_id: str | None = None
    attachments: list[Json] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The texts of its content, joined."""
        return "".join(part.value for part in self.state.content if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens. Counted as a quarter of the characters, which is a guess [INF]: no test should rest on them."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.prompt + other.prompt, self.completion + other.completion)


def tokens(text: str) -> int:
    """A guess at a text's tokens [INF]."""
    return len(text) // 4 + 1


@dataclass(frozen=True, slots=True)
class FunctionToolCall:
    """A call of one of the app's functions. `arguments` is the JSON text the model wrote; `output` what the app sent."""

    id: str
    name: str
    arguments: str
    output: str | None = None


@dataclass(frozen=True, slots=True)
class CodeInterpreterToolCall:
    """A code interpreter call. Outputs: `("logs", text)` or `("image", file id)`."""

    id: str
    input: str
    outputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    file_id: str
    file_name: str
    score: float
    text: str
    attributes: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class FileSearchToolCall:
    """A file search call."""

    id: str
    results: tuple[SearchHit, ...] = ()
    ranker: str = "default_2024_08_21"
    score_threshold: float = 0.0


ToolCall = FunctionToolCall | CodeInterpreterToolCall | FileSearchToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    status: str
    calls: tuple[ToolCall, ...] = ()
    completed_at: float | None = None
    cancelled_at: float | None = None
    failed_at: float | None = None
    last_error: tuple[str, str] | None = None
    usage: Usage | None = None


@dataclass(slots=True, kw_only=True)
class Step:
    """A run step. `message_id` for one that makes a message, None for one of tool calls."""

    id: str
    created_at: float
    run_id: str
    thread_id: str
    assistant_id: str
    expires_at: float
    message_id: str | None
    state: StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What was asked for when the run was created, over what the assistant has."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """`calls`: what a run in requires_action waits for, else empty. `last_error`: (code, message)."""

    status: str
    expires_at: float | None
    started_at: float | None = None
    cancelled_at: float | None = None
    failed_at: float | None = None
    completed_at: float | None = None
    calls: tuple[FunctionToolCall, ...] = ()
    last_error: tuple[str, str] | None = None
    incomplete_reason: str | None = None
    usage: Usage | None = None


@dataclass(slots=True, kw_only=True)
class Run:
    id: str
    created_at: float
    thread_id: str
    assistant_id: str
    settings: RunSettings
    state: RunState
    metadata: dict[str, str] = field(default_factory=dict)
    steps: Listing[Step] = field(default_factory=Listing)
    timeline: list[Event] = field(default_factory=list)  # append-only; the state is its fold
    shown: RunState | None = None  # the state an answer last showed: what "asked again" is measured against


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a run, one of its steps, or a message it writes.

    Attributes:
        at: unix seconds.
        name: `run.in_progress`, `run.step.created`, `message.delta`, ...: a stream event's name less its `thread.`.
        subject: the object it happened to.
        state: the subject's state right after it; of a delta, before and after are the same.
        delta: what a delta event adds, else None.
    """

    at: float
    name: str
    subject: Run | Step | Message
    state: RunState | StepState | MessageState
    delta: Any = None
