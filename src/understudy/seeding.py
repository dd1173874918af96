"""Objects that are there before the app comes: made through the same checks as the app's own, with a time and an id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from understudy.errors import nearest
from understudy.simulation.listing import Listed, Listing
from understudy.simulation.refused import Refused
from understudy.simulation.stores import FAILURES
from understudy.simulation.world import World
from understudy.wire import render, render_files
from understudy.wire.bodies import CREATE_ASSISTANT, CREATE_MESSAGE, CREATE_THREAD
from understudy.wire.endpoints import assistants, messages, threads, vector_stores
from understudy.wire.file_bodies import CREATE_VECTOR_STORE
from understudy.wire.held import Held
from understudy.wire.refusals import REFUSALS
from understudy.wire.schema import Fields
from understudy.wire.views import to_rest

T = TypeVar("T", bound=Listed)

# What a file may be for: what the app can ask for, and what the service makes itself. [SPEC]
FILE_PURPOSES = (
    "assistants",
    "assistants_output",
    "batch",
    "batch_output",
    "fine-tune",
    "fine-tune-results",
    "vision",
    "user_data",
    "evals",
)


def add_assistant(world: World, object_id: str | None, created_at: float | None, fields: dict[str, Any]) -> Held:
    body = _checked("add_assistant", CREATE_ASSISTANT, fields)
    with world.lock:
        _check_new(world.assistants, object_id, "assistant")
        with _in_python("add_assistant"):
            assistant = assistants.make(world, body, id=object_id, created_at=created_at)
        return Held(render.assistant(assistant))


def add_thread(
    world: World, object_id: str | None, created_at: float | None, given: Sequence[Any], fields: dict[str, Any]
) -> Held:
    if isinstance(given, str):
        raise TypeError(f"add_thread(messages={given!r}): expected a list: write [{given!r}]")
    bodies = [{"role": "user", "content": message} if isinstance(message, str) else dict(message) for message in given]
    body = _checked("add_thread", CREATE_THREAD, {**fields, "messages": bodies})
    with world.lock:
        _check_new(world.threads, object_id, "thread")
        with _in_python("add_thread"):
            thread = threads.make(world, body, id=object_id, created_at=created_at)
        return Held(render.thread(thread))


def add_message(
    world: World, thread_id: str, object_id: str | None, created_at: float | None, fields: dict[str, Any]
) -> Held:
    body = _checked("add_message", CREATE_MESSAGE, fields)
    with world.lock:
        thread = existing(world.threads, thread_id, "thread")
        _check_new(thread.messages, object_id, "message")
        with _in_python("add_message"):
            message = messages.make(world, thread, body, id=object_id, created_at=created_at)
        return Held(to_rest(render.message(message)))


def add_file(
    world: World, object_id: str | None, created_at: float | None, filename: str, content: bytes | str, purpose: str
) -> Held:
    if purpose not in FILE_PURPOSES:
        close = nearest(purpose, FILE_PURPOSES)
        hint = f" Did you mean {close[0]!r}?" if close else f" It takes {', '.join(FILE_PURPOSES)}."
        raise ValueError(f"add_file(purpose={purpose!r}): there is no such purpose.{hint}")
    data = content.encode() if isinstance(content, str) else content
    with world.lock:
        _check_new(world.files.listing, object_id, "file")
        file = world.files.add(filename=filename, purpose=purpose, content=data, id=object_id, created_at=created_at)
        return Held(render_files.file(file))


def add_vector_store(
    world: World, object_id: str | None, created_at: float | None, file_ids: Sequence[str], fields: dict[str, Any]
) -> Held:
    body = _checked("add_vector_store", CREATE_VECTOR_STORE, {**fields, "file_ids": list(file_ids)})
    with world.lock:
        _check_new(world.stores.listing, object_id, "vector store")
        for file_id in file_ids:
            existing(world.files.listing, file_id, "file")
        with _in_python("add_vector_store"):
            store = vector_stores.make(world, body, id=object_id, created_at=created_at)
        world.stores.finish(store)
        return Held(render_files.vector_store(store))


def fail_file(world: World, file: str, code: str, message: str | None) -> None:
    if code not in FAILURES:
        close = nearest(code, FAILURES)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"fail_file(code={code!r}): expected one of {', '.join(map(repr, FAILURES))}.{hint}")
    with world.lock:
        world.stores.failures[file] = (code, FAILURES[code] if message is None else message)


def existing(listing: Listing[T] | Sequence[T], object_id: str, kind: str) -> T:
    """The object with an id, or a `KeyError` that names the nearest."""
    if isinstance(listing, Listing):
        found = listing.get(object_id)
    else:
        found = next((item for item in listing if item.id == object_id), None)
    if found is None:
        known = [item.id for item in listing]
        close = nearest(object_id, known)
        hint = f"nearest: {', '.join(close)}" if close else f"there are {len(known)}"
        raise KeyError(f"no {kind} has the id {object_id!r}; {hint}")
    return found


def _check_new(listing: Listing[Any], object_id: str | None, kind: str) -> None:
    if object_id is not None and listing.get(object_id) is not None:
        raise ValueError(f"there is already a {kind} with the id {object_id!r}")


def _checked(name: str, body: Fields, fields: dict[str, Any]) -> Any:
    """Check fields as the create request would; a wrong one raises in Python's words: it is the test's mistake."""
    for key in fields:
        if key not in body.known:
            close = nearest(key, body.known)
            hint = f" Did you mean {close[0]!r}?" if close else f" It takes {', '.join(body.known)}."
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}.{hint}")
    with _in_python(name):
        return body(fields)


@contextmanager
def _in_python(name: str) -> Iterator[None]:
    """What the service would refuse is the test's mistake here: say it as Python does."""
    try:
        yield
    except Refused as refused:
        raise ValueError(f"{name}(): {REFUSALS[refused.name].message.format_map(refused.facts)}") from None
