"""Files, and uploads whose parts become a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from understudy._engine.agenda import Agenda
from understudy._engine.api_error import ApiError
from understudy._engine.clock import Clock
from understudy._engine.file_objects import File, Upload, UploadPart
from understudy._engine.ids import Ids
from understudy._engine.lifecycle import moved
from understudy._engine.listing import Listing

UPLOAD_LIFETIME_SECONDS = 3600  # expires_at - created_at of an upload [REC]
MAX_PART_BYTES = 64 * 2**20  # the maximum size of a part [SPEC]
BATCH_FILE_LIFETIME_SECONDS = 30 * 86_400  # a file of purpose `batch` expires after 30 days [SPEC]

# Purposes whose files cannot be downloaded: what the app itself uploaded. [REP for assistants, INF for user_data]
NOT_DOWNLOADABLE = frozenset({"assistants", "user_data"})


class Files:
    """The files and uploads of one service.

    Args:
        on_removed: called with the id of a file that was deleted or has expired.
    """

    def __init__(self, clock: Clock, agenda: Agenda, ids: Ids, on_removed: Callable[[str], None]) -> None:
        self._clock = clock
        self._agenda = agenda
        self._ids = ids
        self._on_removed = on_removed
        self.listing: Listing[File] = Listing()
        self.uploads: dict[str, Upload] = {}

    # -- files ----------------------------------------------------------------

    def get(self, file_id: str) -> File:
        return self.listing.get(file_id) or _refuse("file.not_found", file_id)

    def add(
        self,
        *,
        filename: str,
        purpose: str,
        content: bytes,
        lifetime: float | None = None,
        id: str | None = None,  # noqa: A002
        created_at: float | None = None,
    ) -> File:
        """Store a file. `lifetime`: seconds until it expires; None for ever."""
        at = self._clock.now() if created_at is None else created_at
        if lifetime is None and purpose == "batch":
            lifetime = BATCH_FILE_LIFETIME_SECONDS
        file = File(
            id=id or self._ids.new("file", created_at=at),
            created_at=at,
            filename=filename,
            purpose=purpose,
            content=content,
            expires_at=None if lifetime is None else at + lifetime,
        )
        self.listing.add(file)
        if file.expires_at is not None:
            self._agenda.add(file.expires_at, lambda: self.remove(file))
        return file

    def add_image(self, data: bytes, at: float) -> str:
        """Store an image that a run makes at a future time; return the file's id.

        The file name is a guess. [INF]
        """
        file_id = self._ids.new("file", created_at=at)

        def appear() -> None:
            self.add(filename=f"{file_id}.png", purpose="assistants_output", content=data, id=file_id, created_at=at)

        self._agenda.add(at, appear)
        return file_id

    def remove(self, file: File) -> None:
        """Delete a file, and remove it from every vector store [SPEC]."""
        if self.listing.get(file.id) is file:
            self.listing.remove(file.id)
            self._on_removed(file.id)

    def download(self, file_id: str) -> File:
        """Return a file whose content the app may download."""
        file = self.get(file_id)
        if file.purpose in NOT_DOWNLOADABLE:
            raise ApiError("file.not_downloadable", purpose=file.purpose)
        return file

    # -- uploads --------------------------------------------------------------

    def upload(self, upload_id: str) -> Upload:
        return self.uploads.get(upload_id) or _refuse("upload.not_found", upload_id)

    def start_upload(self, *, filename: str, purpose: str, bytes: int, file_lifetime: int | None) -> Upload:  # noqa: A002
        now = self._clock.now()
        upload = Upload(
            id=self._ids.new("upload", created_at=now),
            created_at=now,
            filename=filename,
            purpose=purpose,
            bytes=bytes,
            expires_at=now + UPLOAD_LIFETIME_SECONDS,
            file_lifetime=file_lifetime,
        )
        upload.deadline = self._agenda.add(upload.expires_at, lambda: self._end(upload, "expired"))
        self.uploads[upload.id] = upload
        return upload

    def add_part(self, upload: Upload, data: bytes) -> UploadPart:
        self._check_pending(upload)
        if len(data) > MAX_PART_BYTES:
            raise ApiError("upload.part_large", most=MAX_PART_BYTES, length=len(data))
        now = self._clock.now()
        part = UploadPart(id=self._ids.new("upload_part", upload.id, now), created_at=now, upload_id=upload.id, data=data)
        upload.parts[part.id] = part
        return part

    def complete_upload(self, upload: Upload, part_ids: list[str], md5: str | None) -> None:
        """Make the file from these parts, in this order.

        Other parts are dropped. [SPEC]
        """
        self._check_pending(upload)
        for part_id in part_ids:
            if part_id not in upload.parts:
                raise ApiError("upload.unknown_part", id=part_id, upload_id=upload.id)
        content = b"".join(upload.parts[part_id].data for part_id in part_ids)
        if len(content) != upload.bytes:
            raise ApiError("upload.other_size", announced=upload.bytes, length=len(content))
        if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5.lower():
            raise ApiError("upload.other_md5", md5=md5)
        file = self.add(filename=upload.filename, purpose=upload.purpose, content=content, lifetime=upload.file_lifetime)
        self._end(upload, "completed", file=file)

    def cancel_upload(self, upload: Upload) -> None:
        self._check_pending(upload)
        self._end(upload, "cancelled")

    def _check_pending(self, upload: Upload) -> None:
        if upload.state.status != "pending":
            raise ApiError("upload.not_pending", id=upload.id, status=upload.state.status)

    def _end(self, upload: Upload, event: str, *, file: File | None = None) -> None:
        upload.state = moved(upload.state, event, self._clock.now(), file=file)
        upload.parts.clear()
        upload.deadline.cancel()


def _refuse(name: str, wanted: str) -> Any:
    raise ApiError(name, id=wanted)
