"""Vector stores over time: indexing, counts, batches, expiry.

Indexing a file takes `INDEX_SECONDS`, all files in parallel: recorded files were done within one to two seconds. [REC]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from understudy._engine.agenda import Agenda
from understudy._engine.api_error import ApiError
from understudy._engine.clock import Clock
from understudy._engine.file_objects import DEFAULT_CHUNKING, Chunking, File, FileBatch, StoreFile, VectorStore
from understudy._engine.ids import Ids
from understudy._engine.lifecycle import moved
from understudy._engine.listing import Listing

INDEX_SECONDS = 1

# The codes of a failed file [SPEC], with the texts used when a test gives none. [INF]
FAILURES = {
    "server_error": "An internal error occurred.",
    "unsupported_file": "The file type is not supported.",
    "invalid_file": "The file could not be parsed because it is not valid.",
}

# What file search can read. [DOCS; the refusal's text REP]
_ENDINGS = "c cpp cs css doc docx go html java js json md pdf php pptx py rb sh tex ts txt"
READABLE = frozenset(f".{ending}" for ending in _ENDINGS.split())


class StoreEntry(NamedTuple):
    """A file to add to a store, and how to index it."""

    file_id: str
    chunking: Chunking = DEFAULT_CHUNKING
    attributes: dict[str, Any] | None = None


class Stores:
    """The vector stores of one service.

    Args:
        get_file: returns the file with an id, or raises `ApiError`.
    """

    def __init__(self, clock: Clock, agenda: Agenda, ids: Ids, get_file: Callable[[str], File]) -> None:
        self._clock = clock
        self._agenda = agenda
        self._ids = ids
        self._get_file = get_file
        self.listing: Listing[VectorStore] = Listing()
        self.failures: dict[str, tuple[str, str]] = {}  # by file id or file name

    # -- finding --------------------------------------------------------------

    def get(self, store_id: str) -> VectorStore:
        return self.listing.get(store_id) or _refuse("store.not_found", id=store_id)

    def usable(self, store_id: str) -> VectorStore:
        """Return a store that has not expired."""
        store = self.get(store_id)
        if store.state.status == "expired":
            raise ApiError("store.expired", id=store_id)
        return store

    def file(self, store_id: str, file_id: str) -> StoreFile:
        found = self.get(store_id).files.get(file_id)
        return found or _refuse("store_file.not_found", id=file_id, store_id=store_id)

    def batch(self, store_id: str, batch_id: str) -> FileBatch:
        return self.get(store_id).batches.get(batch_id) or _refuse("batch.not_found", id=batch_id, store_id=store_id)

    def check_files(self, file_ids: Sequence[str]) -> None:
        """Refuse files that do not exist, or that file search cannot read.

        Raises:
            ApiError: for such files.
        """
        names = [self._get_file(file_id).filename for file_id in file_ids]
        endings = dict.fromkeys(ending for name in names if (ending := _ending(name)) not in READABLE)
        if endings:
            raise ApiError("store.unreadable_files", endings=", ".join(ending or "none" for ending in endings))

    # -- making and changing --------------------------------------------------

    def create(
        self,
        entries: Sequence[StoreEntry] = (),
        *,
        id: str | None = None,  # noqa: A002
        created_at: float | None = None,
        **fields: Any,
    ) -> VectorStore:
        """Make a store and begin to index its files."""
        self.check_files([entry.file_id for entry in entries])
        at = self._clock.now() if created_at is None else created_at
        store = VectorStore(
            id=id or self._ids.new("vector_store", created_at=at), created_at=at, last_active_at=at, **fields
        )
        self.listing.add(store)
        self._expire_later(store)
        for entry in entries:
            self._put(store, entry, at)
        return store

    def touch(self, store: VectorStore) -> None:
        """Restart the lifetime of a store that is used [SPEC; what counts as use INF]."""
        store.last_active_at = self._clock.now()
        self._expire_later(store)

    def set_lifetime(self, store: VectorStore, days: int | None) -> None:
        store.lifetime_days = days
        self._expire_later(store)

    def remove(self, store: VectorStore) -> None:
        """Delete a store; the files themselves stay [REC]."""
        self.listing.remove(store.id)
        for entry in [store.deadline, *(file.due for file in store.files)]:
            if entry is not None:
                entry.cancel()

    # -- files in stores ------------------------------------------------------

    def add_file(self, store: VectorStore, entry: StoreEntry) -> StoreFile:
        """Add a file to a store. One that is already there is indexed anew [INF]."""
        self.check_files([entry.file_id])
        self.touch(store)
        return self._put(store, entry, self._clock.now())

    def add_batch(self, store: VectorStore, entries: Sequence[StoreEntry]) -> FileBatch:
        self.check_files([entry.file_id for entry in entries])
        self.touch(store)
        now = self._clock.now()
        batch = FileBatch(id=self._ids.new("file_batch", store.id, now), created_at=now, vector_store_id=store.id)
        store.batches[batch.id] = batch
        for _, entry in sorted({entry.file_id: entry for entry in entries}.items()):
            file = self._put(store, entry, now)
            file.batch = batch
            batch.files.add(file)
            batch.counts.change(None, file.state.status)
        return batch

    def cancel_batch(self, batch: FileBatch) -> None:
        """Stop indexing the files of a batch.

        A batch that is over stays as it is, without an error. [REC]
        """
        if batch.state.status != "in_progress":
            return
        store = self.get(batch.vector_store_id)
        batch.state = moved(batch.state, "cancelled", self._clock.now())
        for file in batch.files:
            if file.due is not None:
                self._end(store, file, "cancelled")

    def remove_file(self, store: VectorStore, file: StoreFile) -> None:
        """Remove a file from a store; the file itself stays [REC]."""
        store.files.remove(file.id)
        self._count(store, file, file.state.status, None)
        store.usage_bytes -= file.state.usage_bytes
        _stop_waiting(file)
        self._settle(store)

    def forget(self, file_id: str) -> None:
        """Remove a deleted file from every store [SPEC]."""
        for store in self.listing:
            file = store.files.get(file_id)
            if file is not None:
                self.remove_file(store, file)

    def finish(self, store: VectorStore) -> None:
        """Index every file of a store at once: for one that a test sets up."""
        for file in store.files:
            self._index(store, file)

    def _put(self, store: VectorStore, entry: StoreEntry, at: float) -> StoreFile:
        old = store.files.get(entry.file_id)
        if old is not None:
            self.remove_file(store, old)
        file = StoreFile(
            id=entry.file_id,
            created_at=at,
            vector_store_id=store.id,
            chunking=entry.chunking,
            attributes=dict(entry.attributes or {}),
        )
        file.due = self._agenda.add(at + INDEX_SECONDS, lambda: self._index(store, file))
        store.files.add(file)
        store.counts.change(None, "in_progress")
        if store.state.status == "completed":
            store.state = moved(store.state, "in_progress", at)
        return file

    def _index(self, store: VectorStore, file: StoreFile) -> None:
        original = self._get_file(file.id)
        failure = self.failures.get(file.id) or self.failures.get(original.filename)
        if failure is not None:
            self._end(store, file, "failed", last_error=failure)
        else:
            store.usage_bytes += len(original.content)
            self._end(store, file, "completed", usage_bytes=len(original.content))

    def _end(self, store: VectorStore, file: StoreFile, event: str, **facts: Any) -> None:
        old = file.state.status
        file.state = moved(file.state, event, self._clock.now(), **facts)
        _stop_waiting(file)
        self._count(store, file, old, file.state.status)
        self._settle(store)

    def _count(self, store: VectorStore, file: StoreFile, old: str, new: str | None) -> None:
        store.counts.change(old, new)
        if file.batch is not None and new is not None:
            file.batch.counts.change(old, new)
            self._settle_batch(file.batch)
        elif file.batch is not None and old == "in_progress":
            file.batch.counts.change(old, "cancelled")  # removed before it was indexed [INF]
            self._settle_batch(file.batch)

    def _settle(self, store: VectorStore) -> None:
        if store.state.status == "in_progress" and not store.counts.by_status["in_progress"]:
            store.state = moved(store.state, "completed", self._clock.now())

    def _settle_batch(self, batch: FileBatch) -> None:
        """End a batch with its last file; `failed` only if every file failed [INF]."""
        counts = batch.counts.by_status
        if batch.state.status == "in_progress" and not counts["in_progress"]:
            event = "failed" if counts["failed"] == batch.counts.total else "completed"
            batch.state = moved(batch.state, event, self._clock.now())

    # -- expiry ---------------------------------------------------------------

    def _expire_later(self, store: VectorStore) -> None:
        if store.deadline is not None:
            store.deadline.cancel()
            store.deadline = None
        if store.expires_at is not None and store.state.status != "expired":
            store.deadline = self._agenda.add(store.expires_at, lambda: self._expire(store))

    def _expire(self, store: VectorStore) -> None:
        store.state = moved(store.state, "expired", self._clock.now())


def _stop_waiting(file: StoreFile) -> None:
    if file.due is not None:
        file.due.cancel()
        file.due = None


def _ending(filename: str) -> str:
    return filename[filename.rfind(".") :].lower() if "." in filename else ""


def _refuse(name: str, **facts: Any) -> Any:
    raise ApiError(name, **facts)
