"""Which objects a recorded session names, and which of them were there before it: those have to be seeded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from understudy._apis import faces
from understudy._cassettes.interaction import Interaction
from understudy._reconstruct.session_facts import objects_in

# Where ids stand in bodies, and whose they are. `run_id` and the like of an answer belong to objects that it shows.
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
# What a write makes along with the object that its answer shows: a thread with a run, a store with an assistant.
_MADE_ALONG = frozenset(["thread", "vector_store"])
# Files that a run draws are the run's: they come with its script.
_DRAWN = frozenset(["image", "image_file"])

_OF_A_CONTAINER = "cfile_"  # what code wrote: the run's, too


@dataclass(frozen=True)
class Named:
    """An object that a session names: its kind, and the index of the exchange that names it first.

    `made`: an answer to a write named it first, so that write made it; or it is a message that a thread was made with.
    """

    id: str
    kind: str
    index: int
    made: bool


def named_in(session: Sequence[Interaction]) -> dict[str, Named]:
    """Return every object that a session names, but for those it is told do not exist."""
    found: dict[str, Named] = {}
    for exchange in session:
        denied = _denied(exchange)
        for object_id, kind in _asked(exchange):
            if object_id not in denied:
                found.setdefault(object_id, Named(object_id, kind, exchange.index, made=False))
        if exchange.status < 400:
            for object_id, kind, thread_id in _answered(exchange):
                with_thread = kind == "message" and thread_id in found and found[thread_id].made
                made = not exchange.is_read or with_thread
                found.setdefault(object_id, Named(object_id, kind, exchange.index, made=made))
            for object_id, kind in _mentioned(exchange):
                made = not exchange.is_read and kind in _MADE_ALONG
                found.setdefault(object_id, Named(object_id, kind, exchange.index, made=made))
    return found


def _denied(exchange: Interaction) -> str:
    """Return the text that says what is not there."""
    return str(exchange.json) if exchange.status == 404 else ""


def _asked(exchange: Interaction) -> Iterator[tuple[str, str]]:
    """Return what the path and the body of a request name."""
    ids = faces.ALL.find(exchange.method, exchange.path).ids
    for name, object_id in ids.items():
        if name in _PATH:
            yield object_id, _PATH[name]
    yield from _ids_in(exchange.request_json, skip=frozenset())


def _answered(exchange: Interaction) -> Iterator[tuple[str, str, str]]:
    """Return the objects that an answer shows: id, kind, and the thread it belongs to (else "")."""
    for value in _values(exchange):
        for view in objects_in(value):
            if view["object"] in _OBJECTS:
                yield view["id"], _OBJECTS[view["object"]], view.get("thread_id", "")


def _mentioned(exchange: Interaction) -> Iterator[tuple[str, str]]:
    """Return the objects that an answer only mentions."""
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
