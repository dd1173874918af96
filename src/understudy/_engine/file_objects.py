"""Files, uploads and their parts, vector stores, and their files and batches.

As with items, an object with a lifecycle has a frozen `state` that only `lifecycle.moved` replaces.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from understudy._engine.agenda import AgendaEntry
from understudy._engine.lifecycle import LIFECYCLES, Lifecycle
from understudy._engine.listing import Listing

DAY_SECONDS = 86_400


class Chunking(NamedTuple):
    """How a file is cut into passages; sizes in tokens.

    The defaults are the service's. [REC]
    """

    size: int = 800
    overlap: int = 400


DEFAULT_CHUNKING = Chunking()


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    created_at: float
    filename: str
    purpose: str
    content: bytes
    expires_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["upload"]
    status: str = "pending"
    file: File | None = None


@dataclass(slots=True, kw_only=True)
class UploadPart:
    id: str
    created_at: float
    upload_id: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Upload:
    """An upload in parts.

    Attributes:
        bytes: the announced size.
        file_lifetime: how long its file will live, in seconds; None for ever.
        deadline: the agenda entry of its expiry.
    """

    id: str
    created_at: float
    filename: str
    purpose: str
    bytes: int
    expires_at: float
    file_lifetime: int | None = None
    state: UploadState = UploadState()
    parts: dict[str, UploadPart] = field(default_factory=dict)
    deadline: AgendaEntry = field(init=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFileState:
    """The state of a file in a vector store. `last_error`: (code, message)."""

    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["store_file"]
    status: str = "in_progress"
    usage_bytes: int = 0
    last_error: tuple[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class StoreFile:
    """A file in a vector store; its id is the file's.

    Attributes:
        due: the agenda entry that ends its indexing; None once it is indexed.
        passages: its text, cut when it is first searched.
    """

    id: str
    created_at: float
    vector_store_id: str
    chunking: Chunking = DEFAULT_CHUNKING
    attributes: dict[str, Any] = field(default_factory=dict)
    state: StoreFileState = StoreFileState()
    batch: FileBatch | None = None
    due: AgendaEntry | None = None
    passages: tuple[str, ...] | None = None

    def key(self) -> Any:
        """Return its key among all objects that are indexed."""
        return (self.vector_store_id, self.id)

    def look(self) -> Any:
        return self.state.status

    def due_at(self) -> float | None:
        """Return when its indexing ends, in unix seconds; None once it has ended."""
        return self.due.at if self.due is not None else None


class Counts:
    """The number of files in each status."""

    __slots__ = ("by_status",)
    STATUSES = ("in_progress", "completed", "failed", "cancelled")

    def __init__(self) -> None:
        self.by_status = dict.fromkeys(self.STATUSES, 0)

    def change(self, old: str | None, new: str | None) -> None:
        """Count a file's change of status; None means that it is not there."""
        if old is not None:
            self.by_status[old] -= 1
        if new is not None:
            self.by_status[new] += 1

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    def look(self) -> Any:
        return tuple(self.by_status.values())


def _next_due(files: Listing[StoreFile], counts: Counts) -> float | None:
    if not counts.by_status["in_progress"]:
        return None
    return min((file.due.at for file in files if file.due is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["vector_store"]
    status: str = "completed"


@dataclass(slots=True, kw_only=True)
class VectorStore:
    """A vector store. `lifetime_days`: counted from its last activity; None for ever."""

    id: str
    created_at: float
    last_active_at: float
    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    lifetime_days: int | None = None
    usage_bytes: int = 0
    state: StoreState = StoreState()
    files: Listing[StoreFile] = field(default_factory=Listing)
    batches: dict[str, FileBatch] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    deadline: AgendaEntry | None = None

    @property
    def expires_at(self) -> float | None:
        return None if self.lifetime_days is None else self.last_active_at + self.lifetime_days * DAY_SECONDS

    def key(self) -> Any:
        """Return its key among all objects that are indexed."""
        return self.id

    def look(self) -> Any:
        return self.state.status, self.counts.look()

    def due_at(self) -> float | None:
        """Return when its status or counts next change, leaving aside its expiry."""
        return _next_due(self.files, self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    lifecycle: ClassVar[Lifecycle] = LIFECYCLES["file_batch"]
    status: str = "in_progress"


@dataclass(slots=True, kw_only=True)
class FileBatch:
    """Files added together.

    They are listed in the order of their ids, whichever order is requested. [REC, Oct 2025]
    """

    id: str
    created_at: float
    vector_store_id: str
    state: BatchState = BatchState()
    files: Listing[StoreFile] = field(default_factory=Listing)
    counts: Counts = field(default_factory=Counts)

    def key(self) -> Any:
        """Return its key among all objects that are indexed."""
        return self.id

    def look(self) -> Any:
        return self.state.status, self.counts.look()

    def due_at(self) -> float | None:
        """Return when its status or counts next change."""
        return _next_due(self.files, self.counts)
