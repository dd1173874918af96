"""Files, uploads, models and vector stores as the JSON values the service sends, keys in the order recorded [REC]."""

from __future__ import annotations

from typing import Any

from understudy._engine.file_objects import Counts, File, FileBatch, StoreFile, Upload, UploadPart, VectorStore
from understudy._engine.models import Model
from understudy._engine.search import Found

Json = dict[str, Any]


def file(held: File) -> Json:
    """Return a file; its status is `processed` at once, whatever the purpose [REC]."""
    return {
        "object": "file",
        "id": held.id,
        "purpose": held.purpose,
        "filename": held.filename,
        "bytes": len(held.content),
        "created_at": int(held.created_at),
        "expires_at": None if held.expires_at is None else int(held.expires_at),
        "status": "processed",
        "status_details": None,
    }


def deleted_file(file_id: str) -> Json:
    """`object` stays `file`, unlike anything else that is deleted [REC]."""
    return {"object": "file", "deleted": True, "id": file_id}


def upload(held: Upload) -> Json:
    """Return an upload; `file` is there only when it is completed [REC for its absence, SPEC]."""
    rendered = {
        "id": held.id,
        "object": "upload",
        "bytes": held.bytes,
        "created_at": int(held.created_at),
        "filename": held.filename,
        "purpose": held.purpose,
        "status": held.state.status,
        "expires_at": int(held.expires_at),
    }
    if held.state.file is not None:
        rendered["file"] = file(held.state.file)
    return rendered


def upload_part(held: UploadPart) -> Json:
    return {
        "id": held.id,
        "object": "upload.part",
        "created_at": int(held.created_at),
        "upload_id": held.upload_id,
    }


def model(held: Model) -> Json:
    return {"id": held.id, "object": "model", "created": held.created, "owned_by": held.owned_by}


def _counts(held: Counts) -> Json:
    return {**held.by_status, "total": held.total}


def vector_store(held: VectorStore) -> Json:
    days, expires_at = held.lifetime_days, held.expires_at
    return {
        "id": held.id,
        "object": "vector_store",
        "created_at": int(held.created_at),
        "name": held.name,
        "description": held.description,
        "usage_bytes": held.usage_bytes,
        "file_counts": _counts(held.counts),
        "status": held.state.status,
        "expires_after": None if days is None else {"anchor": "last_active_at", "days": days},
        "expires_at": None if expires_at is None else int(expires_at),
        "last_active_at": int(held.last_active_at),
        "metadata": held.metadata,
    }


def store_file(held: StoreFile) -> Json:
    size, overlap = held.chunking
    error = held.state.last_error
    return {
        "id": held.id,
        "object": "vector_store.file",
        "usage_bytes": held.state.usage_bytes,
        "created_at": int(held.created_at),
        "vector_store_id": held.vector_store_id,
        "status": held.state.status,
        "last_error": None if error is None else {"code": error[0], "message": error[1]},
        "chunking_strategy": {
            "type": "static",
            "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap},
        },
        "attributes": held.attributes,
    }


def file_batch(held: FileBatch) -> Json:
    """Return a batch.

    The spec calls it `vector_store.files_batch`, the service `vector_store.file_batch` [REC, 18 of
    18].
    """
    return {
        "id": held.id,
        "object": "vector_store.file_batch",
        "created_at": int(held.created_at),
        "status": held.state.status,
        "vector_store_id": held.vector_store_id,
        "file_counts": _counts(held.counts),
    }


def file_content(text: str) -> Json:
    """Return the parsed content of a file in a store, in one piece [SPEC]."""
    data = [{"type": "text", "text": text}] if text else []
    return {"object": "vector_store.file_content.page", "data": data, "has_more": False, "next_page": None}


def search_page(queries: list[str], found: list[Found]) -> Json:
    """One page with all results; never recorded [SPEC]."""
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
