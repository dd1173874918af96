"""What the paths of the API mean: which objects are polled, what writes change.

A write changes the answers to some reads.

Every read has *topics*, and every write *cuts* topics: an answer recorded before a cut says nothing of the time after it.
A topic is a short tuple, such as `("run", run_id)` or `("messages", thread_id)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from understudy._cassettes.interaction import Interaction

Topic = tuple[str, ...]

_NO_SCOPE: Topic = ()


def segments(path: str) -> list[str]:
    return path.strip("/").split("/")


@lru_cache(maxsize=4096)
def pollable(path: str) -> bool:
    """Return True for the path of something that changes by itself.

    A run, a response, an upload, a vector store and what is in it.
    """
    match segments(path):
        case ["threads", _, "runs", _] | ["uploads", _] | ["vector_stores", _] | ["responses", _]:
            return True
        case ["vector_stores", _, "files" | "file_batches", _]:
            return True
    return False


def object_path(value: Any) -> str | None:
    """Return the path under which an object that changes by itself is polled.

    None for any other object.
    """
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        return None
    name = value["id"]
    match value.get("object"):
        case "thread.run":
            return f"/threads/{value.get('thread_id')}/runs/{name}"
        case "response":
            return f"/responses/{name}"
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
    """Return the path of an object whose recorded states are distinguished.

    That is one that is polled, a run step, or a message; None for any other.
    """
    if isinstance(value, dict) and isinstance(value.get("id"), str):
        if value.get("object") == "thread.run.step":
            return f"{run_path(value)}/steps/{value['id']}"
        if value.get("object") == "thread.message":
            return f"/threads/{value.get('thread_id')}/messages/{value['id']}"
    return object_path(value)


def run_path(member: Any) -> str:
    """Return the path of the run that a message or a step belongs to."""
    return f"/threads/{member.get('thread_id')}/runs/{member.get('run_id')}"


@lru_cache(maxsize=4096)
def scope(path: str) -> Topic:
    """Return the object whose history a path belongs to.

    A thread, a vector store, or another object; empty for a whole collection.
    """
    parts = segments(path)
    if len(parts) < 2 or parts[:2] == ["threads", "runs"]:
        return _NO_SCOPE
    return (parts[0], parts[1])


def scope_of_write(write: Interaction) -> Topic:
    """Return the scope that a write belongs to.

    A response in a conversation is a write to that conversation.
    """
    conversation = conversation_of(write) if segments(write.path) == ["responses"] else ""
    return ("conversations", conversation) if conversation else scope(write.path)


@lru_cache(maxsize=4096)
def topics(path: str) -> tuple[Topic, ...]:
    """Return the topics of a read of this path."""
    match segments(path):
        case ["threads", thread]:
            return (("thread", thread),)
        case ["threads", thread, "messages"]:
            return (("messages", thread), ("thread", thread))
        case ["threads", thread, "messages", message]:
            return (("message", message), ("thread", thread))
        case ["threads", thread, "runs", *rest]:
            return (("run", rest[0]) if rest else ("runs", thread), ("thread", thread))
        case ["responses", response, *rest]:
            return ((rest[0] if rest else "response", response),)
        case ["conversations", conversation, *rest]:
            return _topics_of_conversation(conversation, rest)
        case ["vector_stores", store, "files" | "file_batches" as kind, name, *_]:
            return ((kind, store, name),)
        case ["vector_stores", store, kind]:
            return ((kind, store),)
        case [collection]:
            return ((collection,),)
        case parts:
            return ((parts[0], parts[1]),)


def _topics_of_conversation(conversation: str, rest: list[str]) -> tuple[Topic, ...]:
    whole: Topic = ("conversation", conversation)
    match rest:
        case ["items"]:
            return (("items", conversation), whole)
        case ["items", item, *_]:
            return (("item", conversation, item), whole)
    return (whole,)


def cuts(write: Interaction) -> tuple[Topic, ...]:
    """Return the topics for which a successful write ends an epoch."""
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
        case ["responses" | "conversations", *_]:
            return _cuts_of_responses(write)
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


def _cuts_of_responses(write: Interaction) -> tuple[Topic, ...]:
    answer = write.json if isinstance(write.json, dict) else {}
    match segments(write.path):
        case ["responses"]:
            made = response_made(write)
            conversation = conversation_of(write)
            return (("response", made), ("input_items", made), *((("items", conversation),) if conversation else ()))
        case ["responses", "compact" | "input_tokens"]:
            return ()
        case ["responses", response, "cancel"]:
            return (("response", response),)
        case ["responses", response, *_]:
            return (("response", response), ("input_items", response))
        case ["conversations"]:
            return (("conversation", str(answer.get("id", ""))), ("items", str(answer.get("id", ""))))
        case ["conversations", conversation]:
            return (("conversation", conversation),)
        case ["conversations", conversation, "items"]:
            added = [item for item in answer.get("data") or () if isinstance(item, dict)]
            return (("items", conversation), *(("item", conversation, str(item.get("id"))) for item in added))
        case [_, conversation, _, item, *_]:
            return (("items", conversation), ("item", conversation, item))
    return ()


def response_made(write: Interaction) -> str:
    """Return the id of the response that an answer shows, plain or streamed.

    "" if it shows none.
    """
    shown = [view for _, view in responses_in(write)]
    return str(shown[0].get("id", "")) if shown else ""


def responses_in(interaction: Interaction) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the responses that an answer is, or that its events carry.

    Each with the event's number (0 outside a stream).
    """
    values = [
        (number, data.get("response")) for number, (_, data) in enumerate(interaction.events, 1) if isinstance(data, dict)
    ]
    for number, value in values or [(0, interaction.json)]:
        if isinstance(value, dict) and value.get("object") == "response" and isinstance(value.get("id"), str):
            yield number, value


def conversation_of(write: Interaction) -> str:
    """Return the id of the conversation that a response was created in; "" if none."""
    body = write.request_json if isinstance(write.request_json, dict) else {}
    named = body.get("conversation")
    named = named.get("id") if isinstance(named, dict) else named
    return named if isinstance(named, str) else ""


def _run_created(write: Interaction) -> tuple[str, str]:
    """Return the (thread id, run id) of an answer that is a run, plain or streamed.

    Empty ids if it is neither.
    """
    run = write.json
    if run is None:
        run = next((data for name, data in write.events if name.startswith("thread.run.") and "status" in data), None)
    if not isinstance(run, dict):
        return "", ""
    return str(run.get("thread_id", "")), str(run.get("id", ""))
