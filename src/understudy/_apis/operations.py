"""Every operation that is simulated, in one table, and the way from a request to its row."""

from __future__ import annotations

from typing import Any

from understudy._apis.assistants.bodies import (
    CREATE_ASSISTANT,
    CREATE_MESSAGE,
    CREATE_RUN,
    CREATE_THREAD,
    CREATE_THREAD_AND_RUN,
    EMPTY,
    MODIFY_ASSISTANT,
    MODIFY_MESSAGE,
    MODIFY_RUN,
    MODIFY_THREAD,
    SUBMIT_TOOL_OUTPUTS,
)
from understudy._apis.assistants.endpoints import assistants, messages, runs, steps, threads
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
from understudy._apis.common.operation_call import INCLUDE_CONTENT, Operation
from understudy._apis.common.paging import PAGE_QUERY
from understudy._apis.common.paths import ROOTS
from understudy._apis.common.schema import array, enum, integer, string
from understudy._apis.responses import operations as responses

_INCLUDE: dict[str, Any] = {"include[]": array(enum(INCLUDE_CONTENT))}
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
_RUN = "/threads/{thread_id}/runs/{run_id}"


def _op(name: str, route: str, run: Any, body: Any = None, **more: Any) -> Operation:
    method, path = route.split(" ")
    return Operation(name=name, method=method, path=path, run=run, body=body, **more)


def _plain(name: str, route: str, run: Any, body: Any = None, **more: Any) -> Operation:
    """An operation that asks for no `OpenAI-Beta` header. [REC]"""
    return _op(name, route, run, body, beta=False, **more)


OPERATIONS: tuple[Operation, ...] = (
    _op("assistants.create", "POST /assistants", assistants.create, CREATE_ASSISTANT),
    _op("assistants.list", "GET /assistants", assistants.listed, query=PAGE_QUERY),
    _op("assistants.retrieve", "GET /assistants/{assistant_id}", assistants.retrieve),
    _op("assistants.update", "POST /assistants/{assistant_id}", assistants.modify, MODIFY_ASSISTANT),
    _op("assistants.delete", "DELETE /assistants/{assistant_id}", assistants.delete),
    _op("threads.create", "POST /threads", threads.create, CREATE_THREAD),
    _op("threads.create_and_run", "POST /threads/runs", runs.create_with_thread, CREATE_THREAD_AND_RUN, query=_INCLUDE),
    _op("threads.retrieve", "GET /threads/{thread_id}", threads.retrieve),
    _op("threads.update", "POST /threads/{thread_id}", threads.modify, MODIFY_THREAD),
    _op("threads.delete", "DELETE /threads/{thread_id}", threads.delete),
    _op("messages.create", "POST /threads/{thread_id}/messages", messages.create, CREATE_MESSAGE),
    _op(
        "messages.list",
        "GET /threads/{thread_id}/messages",
        messages.listed,
        query={**PAGE_QUERY, "run_id": string()},
        watches="list",
    ),
    _op("messages.retrieve", "GET /threads/{thread_id}/messages/{message_id}", messages.retrieve),
    _op("messages.update", "POST /threads/{thread_id}/messages/{message_id}", messages.modify, MODIFY_MESSAGE),
    _op("messages.delete", "DELETE /threads/{thread_id}/messages/{message_id}", messages.delete),
    _op("runs.create", "POST /threads/{thread_id}/runs", runs.create, CREATE_RUN, query=_INCLUDE),
    _op("runs.list", "GET /threads/{thread_id}/runs", runs.listed, query=PAGE_QUERY, watches="list"),
    _op("runs.retrieve", f"GET {_RUN}", runs.retrieve, watches="run"),
    _op("runs.update", f"POST {_RUN}", runs.modify, MODIFY_RUN),
    _op("runs.cancel", f"POST {_RUN}/cancel", runs.cancel, EMPTY),
    _op(
        "runs.submit_tool_outputs",
        f"POST {_RUN}/submit_tool_outputs",
        runs.submit_tool_outputs,
        SUBMIT_TOOL_OUTPUTS,
    ),
    _op("steps.list", f"GET {_RUN}/steps", steps.listed, query={**PAGE_QUERY, **_INCLUDE}, watches="list"),
    _op("steps.retrieve", f"GET {_RUN}/steps/{{step_id}}", steps.retrieve, query=_INCLUDE),
    _plain("files.create", "POST /files", files.create, CREATE_FILE),
    _plain("files.list", "GET /files", files.listed, query=_FILES_QUERY),
    _plain("files.retrieve", "GET /files/{file_id}", files.retrieve),
    _plain("files.delete", "DELETE /files/{file_id}", files.delete),
    _plain("files.content", "GET /files/{file_id}/content", files.content),
    _plain("uploads.create", "POST /uploads", uploads.create, CREATE_UPLOAD),
    _plain("uploads.parts.create", "POST /uploads/{upload_id}/parts", uploads.add_part, ADD_UPLOAD_PART),
    _plain("uploads.complete", "POST /uploads/{upload_id}/complete", uploads.complete, COMPLETE_UPLOAD, mark="SPEC"),
    _plain("uploads.cancel", "POST /uploads/{upload_id}/cancel", uploads.cancel, EMPTY),
    _plain("models.list", "GET /models", models.listed, mark="SPEC"),
    _plain("models.retrieve", "GET /models/{model}", models.retrieve),
    _plain("models.delete", "DELETE /models/{model}", models.delete, mark="SPEC"),
    _plain("vector_stores.create", "POST /vector_stores", vector_stores.create, CREATE_VECTOR_STORE),
    _plain("vector_stores.list", "GET /vector_stores", vector_stores.listed, query=PAGE_QUERY),
    _plain("vector_stores.retrieve", f"GET {_STORE}", vector_stores.retrieve, watches="store"),
    _plain("vector_stores.update", f"POST {_STORE}", vector_stores.modify, MODIFY_VECTOR_STORE),
    _plain("vector_stores.delete", f"DELETE {_STORE}", vector_stores.delete),
    _plain("vector_stores.search", f"POST {_STORE}/search", vector_stores.search, SEARCH, mark="SPEC"),
    _plain("vector_stores.files.create", f"POST {_STORE}/files", store_files.create, ADD_STORE_FILE),
    _plain(
        "vector_stores.files.list",
        f"GET {_STORE}/files",
        store_files.listed,
        query=_STORE_FILES_QUERY,
        watches="store_files",
    ),
    _plain("vector_stores.files.retrieve", f"GET {_STORE}/files/{{file_id}}", store_files.retrieve, watches="store_file"),
    _plain(
        "vector_stores.files.update", f"POST {_STORE}/files/{{file_id}}", store_files.modify, MODIFY_STORE_FILE, mark="SPEC"
    ),
    _plain("vector_stores.files.delete", f"DELETE {_STORE}/files/{{file_id}}", store_files.delete),
    _plain("vector_stores.files.content", f"GET {_STORE}/files/{{file_id}}/content", store_files.content, mark="SPEC"),
    _plain("vector_stores.file_batches.create", f"POST {_STORE}/file_batches", file_batches.create, CREATE_FILE_BATCH),
    _plain(
        "vector_stores.file_batches.retrieve",
        f"GET {_STORE}/file_batches/{{batch_id}}",
        file_batches.retrieve,
        watches="batch",
    ),
    _plain(
        "vector_stores.file_batches.cancel", f"POST {_STORE}/file_batches/{{batch_id}}/cancel", file_batches.cancel, EMPTY
    ),
    _plain(
        "vector_stores.file_batches.list_files",
        f"GET {_STORE}/file_batches/{{batch_id}}/files",
        file_batches.files,
        query=_STORE_FILES_QUERY,
        watches="batch_files",
    ),
)

OPERATIONS += responses.OPERATIONS
BY_NAME = {operation.name: operation for operation in OPERATIONS}


class _Route:
    """An operation with its path taken apart: literal segments and ids, by position."""

    __slots__ = ("ids", "literals", "operation")

    def __init__(self, operation: Operation) -> None:
        segments = operation.path.strip("/").split("/")
        self.operation = operation
        self.literals = [(place, text) for place, text in enumerate(segments) if text[0] != "{"][1:]  # the root is the key
        self.ids = [(place, text[1:-1]) for place, text in enumerate(segments) if text[0] == "{"]

    def fits(self, segments: list[str]) -> bool:
        for place, text in self.literals:
            if segments[place] != text:
                return False
        return all(segments[place] for place, _ in self.ids)


_ROUTES: dict[tuple[str, int], list[_Route]] = {}
for _operation in OPERATIONS:
    _segments = _operation.path.strip("/").split("/")
    _ROUTES.setdefault((_segments[0], len(_segments)), []).append(_Route(_operation))
for _routes in _ROUTES.values():
    _routes.sort(key=lambda route: len(route.ids))  # literal segments win over ids: `/threads/runs` is no thread


_SIMULATED = frozenset(root for root, _ in _ROUTES)


def is_of_another_api(path: str) -> bool:
    """Whether a path belongs to an API of the service that is not simulated: `/chat/completions`, `/responses`.

    `path` is an API path, see `paths.api_path`.
    """
    root = path.strip("/").partition("/")[0]
    return root in ROOTS and root not in _SIMULATED


def find(method: str, path: str) -> tuple[Operation | None, dict[str, str], list[str]]:
    """The operation of a request, the ids in its path, and (if there is none) the methods that the path does allow.

    `path` is an API path, see `paths.api_path`.
    """
    segments = path.strip("/").split("/")
    routes = _ROUTES.get((segments[0], len(segments)), ())
    for route in routes:
        if route.operation.method == method and route.fits(segments):
            return route.operation, {name: segments[place] for place, name in route.ids}, []
    return None, {}, [route.operation.method for route in routes if route.fits(segments)]
