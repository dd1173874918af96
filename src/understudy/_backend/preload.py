"""Objects that a test adds: checked like the app's own, with a given id and time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Unpack, get_args

from understudy._apis.assistants import render
from understudy._apis.assistants.bodies import CREATE_ASSISTANT, CREATE_MESSAGE, CREATE_THREAD, THREAD_MESSAGES
from understudy._apis.assistants.create_fields import AssistantFields, Content, Role, ThreadFields, VectorStoreFields
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
from understudy._backend.contents import existing
from understudy._common.ids import HasId, id_of
from understudy._common.keyword_hints import hinting
from understudy._engine.api_error import ApiError
from understudy._engine.clock import LATEST
from understudy._engine.engine import Engine
from understudy._engine.ids import check_id
from understudy._engine.listing import Listing
from understudy._engine.vector_stores import FAILURES
from understudy.errors import nearest

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


class BackendPreload:
    """The part of a `Backend` that adds objects which the app did not create."""

    _engine: Engine

    def add_assistant(
        self,
        *,
        id: str | None = None,  # noqa: A002
        model: str = "gpt-4o",
        created_at: float | None = None,
        **fields: Unpack[AssistantFields],
    ) -> AssistantView:
        """Add an assistant, with the fields of the create request.

        Args:
            id: its id; None for a derived one.
            created_at: in unix seconds; None for now.

        Raises:
            TypeError: an unknown field; the nearest is named.
            ValueError: what the service would refuse, or an id that is in use.
        """
        _check_created_at("add_assistant", created_at)
        body = _checked("add_assistant", CREATE_ASSISTANT, {"model": model, **fields})
        with self._engine.lock:
            _check_new(self._engine.part(AssistantsObjects).assistants, id, "assistant")
            with _in_python("add_assistant"):
                assistant = assistants.make(self._engine, body, id=id, created_at=created_at)
            return AssistantView(render.assistant(assistant))

    def add_thread(
        self,
        *,
        id: str | None = None,  # noqa: A002
        messages: Sequence[str | Mapping[str, Any]] = (),
        created_at: float | None = None,
        **fields: Unpack[ThreadFields],
    ) -> ThreadView:
        """Add a thread. `messages`: texts of user messages, or message create bodies."""
        _check_created_at("add_thread", created_at)
        bodies = _as_messages("add_thread(messages", messages)
        # A thread may have more messages than a create request can.
        body = _checked("add_thread", CREATE_THREAD, {**fields, "messages": bodies[:THREAD_MESSAGES]})
        body["messages"] += [_checked("add_thread", CREATE_MESSAGE, message) for message in bodies[THREAD_MESSAGES:]]
        with self._engine.lock:
            _check_new(self._engine.part(AssistantsObjects).threads, id, "thread")
            with _in_python("add_thread"):
                thread = threads.make(self._engine, body, id=id, created_at=created_at)
            return ThreadView(render.thread(thread))

    @hinting()
    def add_message(
        self,
        thread_id: str | HasId,
        content: Content,
        *,
        role: Role = "user",
        id: str | None = None,  # noqa: A002
        created_at: float | None = None,
        attachments: Sequence[Mapping[str, Any]] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> MessageView:
        """Add a message to a thread, given by its id or as an object that has one."""
        _check_created_at("add_message", created_at)
        fields = {"role": role, "content": content, "attachments": list(attachments), "metadata": metadata}
        thread_id = id_of(thread_id, "add_message", "thread")
        body = _checked("add_message", CREATE_MESSAGE, fields)
        with self._engine.lock:
            thread = existing(self._engine.part(AssistantsObjects).threads, thread_id, "thread")
            _check_new(thread.items, id, "message")
            with _in_python("add_message"):
                message = messages.make(self._engine, thread, body, id=id, created_at=created_at)
            return MessageView(to_rest(render.message(message)))

    def add_conversation(
        self,
        *,
        id: str | None = None,  # noqa: A002
        items: Sequence[Any] = (),
        created_at: float | None = None,
        **fields: Any,
    ) -> ObjectView:
        """Add a conversation. `items`: texts of user messages, or items as the API takes."""
        given = _as_messages("add_conversation(items", items)
        body = _checked("add_conversation", CREATE_CONVERSATION, {**fields, "items": given})
        with self._engine.lock:
            _check_new(self._engine.part(ResponsesObjects).conversations, id, "conversation")
            with _in_python("add_conversation"):
                conversation = conversations.make(self._engine, body, id=id, created_at=created_at)
            return ObjectView(render_responses.conversation(conversation))

    @hinting()
    def add_file(
        self,
        *,
        id: str | None = None,  # noqa: A002
        filename: str = "file.txt",
        content: bytes | str = b"",
        purpose: FilePurpose = "assistants",
        created_at: float | None = None,
    ) -> FileView:
        """Add a file. A `str` as content is stored as UTF-8."""
        _check_created_at("add_file", created_at)
        if purpose not in FILE_PURPOSES:
            close = nearest(purpose, FILE_PURPOSES)
            hint = f" Did you mean {close[0]!r}?" if close else f" Expected one of {', '.join(FILE_PURPOSES)}."
            raise ValueError(f"add_file(purpose={purpose!r}): unknown purpose.{hint}")
        data = content.encode() if isinstance(content, str) else content
        files = self._engine.files
        with self._engine.lock:
            _check_new(files.listing, id, "file")
            file = files.add(filename=filename, purpose=purpose, content=data, id=id, created_at=created_at)
            return FileView(render_files.file(file))

    def add_vector_store(
        self,
        *,
        id: str | None = None,  # noqa: A002
        file_ids: Sequence[str | HasId] = (),
        created_at: float | None = None,
        **fields: Unpack[VectorStoreFields],
    ) -> VectorStoreView:
        """Add a vector store of existing files, which are indexed at once.

        Fields are those of the create request.
        """
        _check_created_at("add_vector_store", created_at)
        ids = [id_of(file, "add_vector_store", "file") for file in file_ids]
        body = _checked("add_vector_store", CREATE_VECTOR_STORE, {**fields, "file_ids": ids})
        with self._engine.lock:
            _check_new(self._engine.stores.listing, id, "vector store")
            for file_id in ids:
                existing(self._engine.files.listing, file_id, "file")
            with _in_python("add_vector_store"):
                store = vector_stores.make(self._engine, body, id=id, created_at=created_at)
            self._engine.stores.finish(store)
            return VectorStoreView(render_files.vector_store(store))

    @hinting()
    def fail_file(self, file: str | HasId, code: FileErrorCode = "server_error", *, message: str | None = None) -> None:
        """Make the indexing of a file fail: it ends `failed` in every vector store.

        Args:
            file: the file, its id, or its file name (for one yet to be uploaded).
            code: the code of its last_error: `server_error`, `unsupported_file` or `invalid_file`. [SPEC]
            message: the text of its last_error; None for one that fits the code.

        Raises:
            ValueError: an unknown code; the nearest is named.
        """
        name = id_of(file, "fail_file", "file")
        if code not in FAILURES:
            close = nearest(code, FAILURES)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"fail_file(code={code!r}): expected one of {', '.join(map(repr, FAILURES))}.{hint}")
        with self._engine.lock:
            self._engine.stores.failures[name] = (code, FAILURES[code] if message is None else message)

    def next_ids(self, *ids: str) -> None:
        """Set the ids of the next objects, each of the kind that its prefix names.

        Several ids of one prefix are used in order.

        Raises:
            ValueError: an id whose prefix no object has.
        """
        with self._engine.lock:
            self._engine.ids.pin(*ids)


def _check_created_at(method: str, created_at: float | None) -> None:
    if created_at is not None and not 0 <= created_at <= LATEST:  # written so that NaN is refused, too
        raise ValueError(f"{method}(created_at={created_at!r}): expected unix seconds from 0 to {LATEST} (the year 9999)")


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
