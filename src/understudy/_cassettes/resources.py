"""What the paths of the API stand for: which objects are polled, and which writes change the answer to which reads.

Every read has *topics*, and every write *cuts* topics: an answer recorded before a cut says nothing of the time after it.
A topic is a short tuple, such as `("run", run_id)` or `("messages", thread_id)`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from understudy._cassettes.interaction import Interaction

Topic = tuple[str, ...]

_NO_SCOPE: Topic = ()


def segments(path: str) -> list[str]:
    return path.strip("/").split("/")


@lru_cache(maxsize=4096)
def pollable(path: str) -> bool:
    """Whether this is the path of an object that changes by itself: a run, upload, vector store, its file, file batch."""
    match segments(path):
        case ["threads", _, "runs", _] | ["uploads", _] | ["vector_stores", _]:
            return True
        case ["vector_stores", _, "files" | "file_batches", _]:
            return True
    return False


def object_path(value: Any) -> str | None:
    """The path under which an object that changes by itself is polled; None for all others."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return None
    name = value["id"]
    match value.get("object"):
        case "thread.run":
            return f"/threads/{value.get('thread_id')}/runs/{name}"
        case "upload":
            return f"/uploads/{name}"
        case "vector_store":
            return f"/vector_stores/{name}"
        case "vector_store.file":
            return f"/vector_stores/{value.get('vector_store_id')}/files/{name}"
        case "vector_store.file_batch" | "vector_store.files_batch":
            return f"/vector_stores/{value.get('vector_store_id')}/file_batches/{name}"
    return None


def history_path(value: Any) -> str | None:
    """The path of an object whose recorded states are told apart: one that is polled, a run step, a message."""
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        if value.get("object") == "thread.run.step":
            return f"{run_path(value)}/steps/{value['id']}"
        if value.get("object") == "thread.message":
            return f"/threads/{value.get('thread_id')}/messages/{value['id']}"
    return object_path(value)


def run_path(member: Any) -> str:
    """The path of the run that a message or a step belongs to."""
    return f"/threads/{member.get('thread_id')}/runs/{member.get('run_id')}"


@lru_cache(maxsize=4096)
def scope(path: str) -> Topic:
    """The thread, vector store or other object whose history a path belongs to; empty for a whole collection."""
    parts = segments(path)
    if len(parts) < 2 or parts[:2] == ["threads", "runs"]:
        return _NO_SCOPE
    return (parts[0], parts[1])


@lru_cache(maxsize=4096)
def topics(path: str) -> tuple[Topic, ...]:
    """What a read of this path tells of."""
    match segments(path):
        case ["threads", thread]:
            return (("thread", thread),)
        case ["threads", thread, "messages"]:
            return (("messages", thread), ("thread", thread))
        case ["threads", thread, "messages", message]:
            return (("message", message), ("thread", thread))
        case ["threads", thread, "runs"]:
            return (("runs", thread), ("thread", thread))
        case ["threads", thread, "runs", run, *_]:
            return (("run", run), ("thread", thread))
        case ["vector_stores", store, "files" | "file_batches" as kind, name, *_]:
            return ((kind, store, name),)
        case ["vector_stores", store, kind]:
            return ((kind, store),)
        case [collection]:
            return ((collection,),)
        case parts:
            return ((parts[0], parts[1]),)


def cuts(write: Interaction) -> tuple[Topic, ...]:
    """The topics that a successful write ends an epoch of."""
    answer = write.json if isinstance(write.json, dict) else {}
    match segments(write.path):
        case ["threads", "runs"]:
            thread, run = _run_created(write)
            return (("thread", thread), ("messages", thread), ("runs", thread), ("run", run))
        case ["threads", thread]:
            return (("thread", thread),)
        case ["threads", thread, "messages", *rest]:
            return (("messages", thread), *((("message", rest[0]),) if rest else ()))
        case ["threads", thread, "runs"]:
            return (("messages", thread), ("runs", thread), ("run", _run_created(write)[1]))
        case ["threads", thread, "runs", run, *_]:
            return (("messages", thread), ("runs", thread), ("run", run))
        case ["vector_stores", store, kind, *rest]:
            name = rest[0] if rest else str(answer.get("id", ""))
            lists = (("files", store),) if kind in ("files", "file_batches") else ()
            return ((kind, store, name), (kind, store), *lists, ("vector_stores", store), ("vector_stores",))
        case ["uploads", name, *_]:
            return (("uploads", name), ("uploads",), ("files",))
        case [collection]:
            return ((collection,), *(((collection, answer["id"]),) if "id" in answer else ()))
        case parts:
            return ((parts[0], parts[1]), (parts[0],))


def _run_created(write: Interaction) -> tuple[str, str]:
    """Thread and run of an answer that is a run, plain or streamed; empty ids when it is neither."""
    run = write.json
    if run is None:
        run = next((data for name, data in write.events if name.startswith("thread.run.") and "status" in data), None)
    if not isinstance(run, dict):
        return "", ""
    return str(run.get("thread_id", "")), str(run.get("id", ""))
