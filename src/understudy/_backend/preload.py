"""Objects that a test adds: checked like the app's own, with a given id and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar, get_args

from understudy._apis.assistants import render
from understudy._apis.assistants.bodies import CREATE_ASSISTANT, CREATE_MESSAGE, CREATE_THREAD, THREAD_MESSAGES
from understudy._apis.assistants.endpoints import assistants, messages, threads
from understudy._apis.assistants.object_views import AssistantView, MessageView, ThreadView
from understudy._apis.assistants.objects import AssistantsObjects
from understudy._apis.assistants.views import to_rest
from understudy._apis.common import render_files
from understudy._apis.common.endpoints import vector_stores
from understudy._apis.common.file_bodies import CREATE_VECTOR_STORE
from understudy._apis.common.object_view import FileView, ObjectView, VectorStoreView
from understudy._apis.common.schema import Fields
from understudy._apis.error_texts import REFUSALS
from understudy._apis.responses import render as render_responses
from understudy._apis.responses.bodies import CREATE_CONVERSATION
from understudy._apis.responses.endpoints import conversations
from understudy._apis.responses.objects import ResponsesObjects
from understudy._engine.api_error import ApiError
from understudy._engine.clock import LATEST
from understudy._engine.engine import Engine
from understudy._engine.ids import check_id
from understudy._engine.listing import Listed, Listing
from understudy._engine.vector_stores import FAILURES
from understudy.errors import nearest

T = TypeVar("T", bound=Listed)

# The purposes of files: those that an app can ask for, and those of the service's own files. [SPEC]
FilePurpose = Literal[
    "assistants",
    "assistants_output",
    "batch",
    "batch_output",
    "fine-tune",
    "fine-tune-results",
    "vision",
    "user_data",
    "evals",
]
FILE_PURPOSES: tuple[FilePurpose, ...] = get_args(FilePurpose)
FileErrorCode = Literal["server_error", "unsupported_file", "invalid_file"]  # the keys of FAILURES


def _check_created_at(method: str, created_at: float | None) -> None:
    if created_at is not None and not 0 <= created_at <= LATEST:  # written so that NaN is refused, too
        raise ValueError(f"{method}(created_at={created_at!r}): expected unix seconds from 0 to {LATEST} (the year 9999)")


def add_assistant(engine: Engine, object_id: str | None, created_at: float | None, fields: dict[str, Any]) -> AssistantView:
    _check_created_at("add_assistant", created_at)
    body = _checked("add_assistant", CREATE_ASSISTANT, fields)
    with engine.lock:
        _check_new(engine.part(AssistantsObjects).assistants, object_id, "assistant")
        with _in_python("add_assistant"):
            assistant = assistants.make(engine, body, id=object_id, created_at=created_at)
        return AssistantView(render.assistant(assistant))


def add_thread(
    engine: Engine, object_id: str | None, created_at: float | None, given: Sequence[Any], fields: dict[str, Any]
) -> ThreadView:
    _check_created_at("add_thread", created_at)
    bodies = _as_messages("add_thread(messages", given)
    first, rest = (
        bodies[:THREAD_MESSAGES],
        bodies[THREAD_MESSAGES:],
    )  # a thread may have more messages than a create request can
    body = _checked("add_thread", CREATE_THREAD, {**fields, "messages": first})
    body["messages"] += [_checked("add_thread", CREATE_MESSAGE, message) for message in rest]
    with engine.lock:
        _check_new(engine.part(AssistantsObjects).threads, object_id, "thread")
        with _in_python("add_thread"):
            thread = threads.make(engine, body, id=object_id, created_at=created_at)
        return ThreadView(render.thread(thread))


def add_message(
    engine: Engine, thread_id: str, object_id: str | None, created_at: float | None, fields: dict[str, Any]
) -> MessageView:
    _check_created_at("add_message", created_at)
    body = _checked("add_message", CREATE_MESSAGE, fields)
    with engine.lock:
        thread = existing(engine.part(AssistantsObjects).threads, thread_id, "thread")
        _check_new(thread.items, object_id, "message")
        with _in_python("add_message"):
            message = messages.make(engine, thread, body, id=object_id, created_at=created_at)
        return MessageView(to_rest(render.message(message)))


def add_conversation(
    engine: Engine, object_id: str | None, created_at: float | None, given: Sequence[Any], fields: dict[str, Any]
) -> ObjectView:
    items = _as_messages("add_conversation(items", given)
    body = _checked("add_conversation", CREATE_CONVERSATION, {**fields, "items": items})
    with engine.lock:
        _check_new(engine.part(ResponsesObjects).conversations, object_id, "conversation")
        with _in_python("add_conversation"):
            conversation = conversations.make(engine, body, id=object_id, created_at=created_at)
        return ObjectView(render_responses.conversation(conversation))


def add_file(
    engine: Engine, object_id: str | None, created_at: float | None, filename: str, content: bytes | str, purpose: str
) -> FileView:
    _check_created_at("add_file", created_at)
    if purpose not in FILE_PURPOSES:
        close = nearest(purpose, FILE_PURPOSES)
        hint = f" Did you mean {close[0]!r}?" if close else f" Expected one of {', '.join(FILE_PURPOSES)}."
        raise ValueError(f"add_file(purpose={purpose!r}): unknown purpose.{hint}")
    data = content.encode() if isinstance(content, str) else content
    with engine.lock:
        _check_new(engine.files.listing, object_id, "file")
        file = engine.files.add(filename=filename, purpose=purpose, content=data, id=object_id, created_at=created_at)
        return FileView(render_files.file(file))


def add_vector_store(
    engine: Engine, object_id: str | None, created_at: float | None, file_ids: Sequence[str], fields: dict[str, Any]
) -> VectorStoreView:
    _check_created_at("add_vector_store", created_at)
    body = _checked("add_vector_store", CREATE_VECTOR_STORE, {**fields, "file_ids": list(file_ids)})
    with engine.lock:
        _check_new(engine.stores.listing, object_id, "vector store")
        for file_id in file_ids:
            existing(engine.files.listing, file_id, "file")
        with _in_python("add_vector_store"):
            store = vector_stores.make(engine, body, id=object_id, created_at=created_at)
        engine.stores.finish(store)
        return VectorStoreView(render_files.vector_store(store))


def fail_file(engine: Engine, file: str, code: str, message: str | None) -> None:
    if code not in FAILURES:
        close = nearest(code, FAILURES)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"fail_file(code={code!r}): expected one of {', '.join(map(repr, FAILURES))}.{hint}")
    with engine.lock:
        engine.stores.failures[file] = (code, FAILURES[code] if message is None else message)


def existing(listing: Listing[T] | Sequence[T], object_id: str, kind: str) -> T:
    """Return the object with an id.

    Raises:
        KeyError: there is none; the nearest are named.
    """
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


def _as_messages(where: str, given: Any) -> list[dict[str, Any]]:
    """Return the bodies of messages, of which a text alone is the user's."""
    if isinstance(given, str):
        raise TypeError(f"{where}={given!r}): expected a list: write [{given!r}]")
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"{where}={given!r}): expected a list of texts or bodies")
    bodies = list(given)
    for number, body in enumerate(bodies):
        if not isinstance(body, str | Mapping):
            raise TypeError(f"{where}[{number}]={body!r}): expected a text or a body, {{'role': ..., 'content': ...}}")
    return [{"role": "user", "content": body} if isinstance(body, str) else dict(body) for body in bodies]


def _check_new(listing: Listing[Any], object_id: str | None, kind: str) -> None:
    if object_id is None:
        return
    check_id(object_id)
    if listing.get(object_id) is not None:
        raise ValueError(f"there is already a {kind} with the id {object_id!r}")


def _checked(name: str, body: Fields, fields: dict[str, Any]) -> Any:
    """Return fields checked as the create request checks them.

    Raises:
        TypeError: an unknown field; the nearest is named.
        ValueError: a value that the service would refuse.
    """
    for key in fields:
        if key not in body.known:
            close = nearest(key, body.known)
            hint = f" Did you mean {close[0]!r}?" if close else f" It takes {', '.join(body.known)}."
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}.{hint}")
    with _in_python(name):
        return body(fields)


@contextmanager
def _in_python(name: str) -> Iterator[None]:
    """Turn a refusal of the service into a ValueError: here it is the test's mistake."""
    try:
        yield
    except ApiError as refused:
        raise ValueError(f"{name}(): {REFUSALS[refused.name].message.format_map(refused.facts)}") from None
