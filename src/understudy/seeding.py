"""Objects that are there before the app comes: made through the same checks as the app's own, with a time and an id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from understudy.errors import nearest
from understudy.simulation.listing import Listed, Listing
from understudy.simulation.refused import Refused
from understudy.simulation.world import World
from understudy.wire import render
from understudy.wire.bodies import CREATE_ASSISTANT, CREATE_MESSAGE, CREATE_THREAD
from understudy.wire.endpoints import assistants, messages, threads
from understudy.wire.held import Held
from understudy.wire.refusals import REFUSALS
from understudy.wire.schema import Fields
from understudy.wire.views import to_rest

T = TypeVar("T", bound=Listed)


def add_assistant(world: World, object_id: str | None, created_at: float | None, fields: dict[str, Any]) -> Held:
    body = _checked("add_assistant", CREATE_ASSISTANT, fields)
    with world.lock:
        _check_new(world.assistants, object_id, "assistant")
        return Held(render.assistant(assistants.make(world, body, id=object_id, created_at=created_at)))


def add_thread(
    world: World, object_id: str | None, created_at: float | None, given: Sequence[Any], fields: dict[str, Any]
) -> Held:
    bodies = [{"role": "user", "content": message} if isinstance(message, str) else dict(message) for message in given]
    body = _checked("add_thread", CREATE_THREAD, {**fields, "messages": bodies})
    with world.lock:
        _check_new(world.threads, object_id, "thread")
        return Held(render.thread(threads.make(world, body, id=object_id, created_at=created_at)))


def add_message(
    world: World, thread_id: str, object_id: str | None, created_at: float | None, fields: dict[str, Any]
) -> Held:
    body = _checked("add_message", CREATE_MESSAGE, fields)
    with world.lock:
        thread = existing(world.threads, thread_id, "thread")
        _check_new(thread.messages, object_id, "message")
        message = messages.make(world, thread, body, id=object_id, created_at=created_at)
        return Held(to_rest(render.message(message)))


def existing(listing: Listing[T], object_id: str, kind: str) -> T:
    """The object with an id, or a `KeyError` that names the nearest."""
    found = listing.get(object_id)
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
    try:
        return body(fields)
    except Refused as refused:
        raise ValueError(f"{name}(): {REFUSALS[refused.name].message.format_map(refused.facts)}") from None
