"""Which objects a session refers to, and which of them have to be seeded.

Those that were there before it have to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._reconstruct.session_facts import objects_in

# The keys of bodies that hold ids, and whose they are. `run_id` and the like of an answer belong to objects that it shows.
_KEYS = {
    "assistant_id": "assistant",
    "thread_id": "thread",
    "run_id": "run",
    "file_id": "file",
    "file_ids": "file",
    "vector_store_id": "vector_store",
    "vector_store_ids": "vector_store",
    "previous_response_id": "response",
    "conversation": "conversation",
}
_PATH = {
    **_KEYS,
    "response_id": "response",
    "conversation_id": "conversation",
    "message_id": "message",
    "step_id": "step",
    "batch_id": "file_batch",
    "upload_id": "upload",
}
_OBJECTS = {
    "assistant": "assistant",
    "thread": "thread",
    "thread.message": "message",
    "thread.run": "run",
    "thread.run.step": "step",
    "file": "file",
    "vector_store": "vector_store",
    "vector_store.file": "file",
    "vector_store.file_batch": "file_batch",
    "vector_store.files_batch": "file_batch",
    "upload": "upload",
    "upload.part": "upload_part",
    "response": "response",
    "response.compaction": "response",
    "conversation": "conversation",
}
# What a write creates along with the object that its answer shows: a thread with a run, a store with an assistant.
_MADE_ALONG = frozenset(["thread", "vector_store"])
# Files that a run draws are the run's: they come with its script.
_DRAWN = frozenset(["image", "image_file"])

_OF_A_CONTAINER = "cfile_"  # what code wrote: the run's, too


@dataclass(frozen=True)
class ObjectReference:
    """An object that a session refers to.

    Attributes:
        id: of the object.
        kind: such as `"thread"`.
        index: of the exchange that refers to it first.
        made: whether an answer to a write referred to it first, so that the write created it, or it
            is a message that a thread was created with.
    """

    id: str
    kind: str
    index: int
    made: bool


def object_references(session: Sequence[Interaction]) -> dict[str, ObjectReference]:
    """Return every object that a session refers to, by id.

    Objects that an answer says do not exist are left out.
    """
    found: dict[str, ObjectReference] = {}
    for exchange in session:
        missing = _missing_objects(exchange)
        for object_id, kind in _request_references(exchange):
            if object_id not in missing:
                found.setdefault(object_id, ObjectReference(object_id, kind, exchange.index, made=False))
        if exchange.status < 400:
            for object_id, kind, thread_id in _shown_objects(exchange):
                with_thread = kind == "message" and thread_id in found and found[thread_id].made
                made = not exchange.is_read or with_thread
                found.setdefault(object_id, ObjectReference(object_id, kind, exchange.index, made=made))
            for object_id, kind in _answer_references(exchange):
                made = not exchange.is_read and kind in _MADE_ALONG
                found.setdefault(object_id, ObjectReference(object_id, kind, exchange.index, made=made))
    return found


def _missing_objects(exchange: Interaction) -> str:
    """Return the text of a 404, which names what does not exist; "" for others."""
    return str(exchange.json) if exchange.status == 404 else ""


def _request_references(exchange: Interaction) -> Iterator[tuple[str, str]]:
    """Yield the (id, kind) of what the path and the body of a request refer to."""
    ids = faces.ALL.find(exchange.method, exchange.path).ids
    for name, object_id in ids.items():
        if name in _PATH:
            yield object_id, _PATH[name]
    yield from _ids_in(exchange.request_json, skip=frozenset())


def _shown_objects(exchange: Interaction) -> Iterator[tuple[str, str, str]]:
    """Yield the objects that an answer shows: id, kind, and their thread or ""."""
    for value in _values(exchange):
        for view in objects_in(value):
            if view["object"] in _OBJECTS:
                yield view["id"], _OBJECTS[view["object"]], view.get("thread_id", "")


def _answer_references(exchange: Interaction) -> Iterator[tuple[str, str]]:
    """Yield the (id, kind) of the objects that an answer only refers to."""
    for value in _values(exchange):
        yield from _ids_in(value, skip=_DRAWN)


def _values(exchange: Interaction) -> list[Any]:
    return [data for _, data in exchange.events] or [exchange.json]


def _ids_in(value: Any, skip: frozenset[str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _ids_in(item, skip)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _KEYS and item:
                for object_id in item if isinstance(item, list) else [item]:
                    object_id = object_id.get("id") if isinstance(object_id, dict) else object_id
                    if isinstance(object_id, str) and not object_id.startswith(_OF_A_CONTAINER):
                        yield object_id, _KEYS[key]
            elif key not in skip and key != "metadata":
                yield from _ids_in(item, skip)
