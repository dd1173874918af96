"""The operations shared by all APIs, one row each.

Files, uploads, models and vector stores.
"""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import EMPTY
from understudy._apis.common.endpoints import file_batches, files, models, store_files, uploads, vector_stores
from understudy._apis.common.file_bodies import (
    ADD_STORE_FILE,
    COMPLETE_UPLOAD,
    CREATE_FILE_BATCH,
    CREATE_UPLOAD,
    CREATE_VECTOR_STORE,
    MODIFY_STORE_FILE,
    MODIFY_VECTOR_STORE,
    SEARCH,
)
from understudy._apis.common.forms import ADD_UPLOAD_PART, CREATE_FILE
from understudy._apis.common.operation_call import Operation
from understudy._apis.common.paging import PAGE_QUERY
from understudy._apis.common.schema import enum, integer, string

_FILES_QUERY: dict[str, Any] = {
    "purpose": string(),
    "limit": integer(1, files.LIST_LIMIT),
    "order": PAGE_QUERY["order"],
    "after": PAGE_QUERY["after"],
}
_STORE_FILES_QUERY: dict[str, Any] = {
    **PAGE_QUERY,
    "filter": enum("in_progress", "completed", "failed", "cancelled"),
}
_STORE = "/vector_stores/{vector_store_id}"


def _op(name: str, route: str, run: Any, body: Any = None, **more: Any) -> Operation:
    method, path = route.split(" ")
    return Operation(name=name, method=method, path=path, run=run, body=body, **more)


OPERATIONS: tuple[Operation, ...] = (
    _op("files.create", "POST /files", files.create, CREATE_FILE),
    _op("files.list", "GET /files", files.list_page, query=_FILES_QUERY),
    _op("files.retrieve", "GET /files/{file_id}", files.retrieve),
    _op("files.delete", "DELETE /files/{file_id}", files.delete),
    _op("files.content", "GET /files/{file_id}/content", files.content),
    _op("uploads.create", "POST /uploads", uploads.create, CREATE_UPLOAD),
    _op("uploads.parts.create", "POST /uploads/{upload_id}/parts", uploads.add_part, ADD_UPLOAD_PART),
    _op("uploads.complete", "POST /uploads/{upload_id}/complete", uploads.complete, COMPLETE_UPLOAD, mark="SPEC"),
    _op("uploads.cancel", "POST /uploads/{upload_id}/cancel", uploads.cancel, EMPTY),
    _op("models.list", "GET /models", models.list_page, mark="SPEC"),
    _op("models.retrieve", "GET /models/{model}", models.retrieve),
    _op("models.delete", "DELETE /models/{model}", models.delete, mark="SPEC"),
    _op("vector_stores.create", "POST /vector_stores", vector_stores.create, CREATE_VECTOR_STORE),
    _op("vector_stores.list", "GET /vector_stores", vector_stores.list_page, query=PAGE_QUERY),
    _op("vector_stores.retrieve", f"GET {_STORE}", vector_stores.retrieve, polled="sdk"),
    _op("vector_stores.update", f"POST {_STORE}", vector_stores.modify, MODIFY_VECTOR_STORE),
    _op("vector_stores.delete", f"DELETE {_STORE}", vector_stores.delete),
    _op("vector_stores.search", f"POST {_STORE}/search", vector_stores.search, SEARCH, mark="SPEC"),
    _op("vector_stores.files.create", f"POST {_STORE}/files", store_files.create, ADD_STORE_FILE),
    _op(
        "vector_stores.files.list",
        f"GET {_STORE}/files",
        store_files.list_page,
        query=_STORE_FILES_QUERY,
        polled="app",
    ),
    _op("vector_stores.files.retrieve", f"GET {_STORE}/files/{{file_id}}", store_files.retrieve, polled="sdk"),
    _op(
        "vector_stores.files.update", f"POST {_STORE}/files/{{file_id}}", store_files.modify, MODIFY_STORE_FILE, mark="SPEC"
    ),
    _op("vector_stores.files.delete", f"DELETE {_STORE}/files/{{file_id}}", store_files.delete),
    _op("vector_stores.files.content", f"GET {_STORE}/files/{{file_id}}/content", store_files.content, mark="SPEC"),
    _op("vector_stores.file_batches.create", f"POST {_STORE}/file_batches", file_batches.create, CREATE_FILE_BATCH),
    _op(
        "vector_stores.file_batches.retrieve",
        f"GET {_STORE}/file_batches/{{batch_id}}",
        file_batches.retrieve,
        polled="sdk",
    ),
    _op("vector_stores.file_batches.cancel", f"POST {_STORE}/file_batches/{{batch_id}}/cancel", file_batches.cancel, EMPTY),
    _op(
        "vector_stores.file_batches.list_files",
        f"GET {_STORE}/file_batches/{{batch_id}}/files",
        file_batches.files,
        query=_STORE_FILES_QUERY,
        polled="app",
    ),
)
