"""JSON of files, uploads, models and vector stores, keys as recorded [REC]."""

from __future__ import annotations

from typing import Any

from understudy._engine.file_objects import Counts, File, FileBatch, StoreFile, Upload, UploadPart, VectorStore
from understudy._engine.models import Model
from understudy._engine.search import Found

Json = dict[str, Any]


def file(shown: File) -> Json:
    """Return a file; its status is `processed` at once, for any purpose [REC]."""
    return {
        "object": "file",
        "id": shown.id,
        "purpose": shown.purpose,
        "filename": shown.filename,
        "bytes": len(shown.content),
        "created_at": int(shown.created_at),
        "expires_at": None if shown.expires_at is None else int(shown.expires_at),
        "status": "processed",
        "status_details": None,
    }


def deleted_file(file_id: str) -> Json:
    """Return a deletion; `object` stays `file`, unlike all other deletions [REC]."""
    return {"object": "file", "deleted": True, "id": file_id}


def upload(shown: Upload) -> Json:
    """Return an upload; `file` is only there once it is completed [SPEC].

    [REC for its absence before.]
    """
    rendered = {
        "id": shown.id,
        "object": "upload",
        "bytes": shown.bytes,
        "created_at": int(shown.created_at),
        "filename": shown.filename,
        "purpose": shown.purpose,
        "status": shown.state.status,
        "expires_at": int(shown.expires_at),
    }
    if shown.state.file is not None:
        rendered["file"] = file(shown.state.file)
    return rendered


def upload_part(shown: UploadPart) -> Json:
    return {
        "id": shown.id,
        "object": "upload.part",
        "created_at": int(shown.created_at),
        "upload_id": shown.upload_id,
    }


def model(shown: Model) -> Json:
    return {"id": shown.id, "object": "model", "created": shown.created, "owned_by": shown.owned_by}


def _counts(counts: Counts) -> Json:
    return {**counts.by_status, "total": counts.total}


def vector_store(shown: VectorStore) -> Json:
    days, expires_at = shown.lifetime_days, shown.expires_at
    return {
        "id": shown.id,
        "object": "vector_store",
        "created_at": int(shown.created_at),
        "name": shown.name,
        "description": shown.description,
        "usage_bytes": shown.usage_bytes,
        "file_counts": _counts(shown.counts),
        "status": shown.state.status,
        "expires_after": None if days is None else {"anchor": "last_active_at", "days": days},
        "expires_at": None if expires_at is None else int(expires_at),
        "last_active_at": int(shown.last_active_at),
        "metadata": shown.metadata,
    }


def store_file(shown: StoreFile) -> Json:
    size, overlap = shown.chunking
    error = shown.state.last_error
    return {
        "id": shown.id,
        "object": "vector_store.file",
        "usage_bytes": shown.state.usage_bytes,
        "created_at": int(shown.created_at),
        "vector_store_id": shown.vector_store_id,
        "status": shown.state.status,
        "last_error": None if error is None else {"code": error[0], "message": error[1]},
        "chunking_strategy": {
            "type": "static",
            "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap},
        },
        "attributes": shown.attributes,
    }


def file_batch(shown: FileBatch) -> Json:
    """Return a batch.

    The spec names it `vector_store.files_batch`, the service `vector_store.file_batch` [REC, 18 of 18].
    """
    return {
        "id": shown.id,
        "object": "vector_store.file_batch",
        "created_at": int(shown.created_at),
        "status": shown.state.status,
        "vector_store_id": shown.vector_store_id,
        "file_counts": _counts(shown.counts),
    }


def file_content(text: str) -> Json:
    """Return the parsed content of a file in a store, in one piece [SPEC]."""
    data = [{"type": "text", "text": text}] if text else []
    return {"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None}


def search_page(queries: list[str], found: list[Found]) -> Json:
    """Return one page with all results; never recorded [SPEC]."""
    data = [
        {
            "file_id": hit.file.id,
            "filename": hit.file.filename,
            "score": hit.score,
            "attributes": hit.stored.attributes,
            "content": [{"type": "text", "text": hit.text}],
        }
        for hit in found
    ]
    return {
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": data,
        "has_more": False,
        "next_page": None,
    }
