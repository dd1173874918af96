"""Messages: what they hold, what is attached to them, and what a refused run leaves of them."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy import Reply
from understudy._backend.backend import Backend

CODE: Any = [{"type": "code_interpreter"}]
FILE_SEARCH: Any = [{"type": "file_search"}]


def attached(file_id: str, tools: Any = FILE_SEARCH) -> Any:
    return {"role": "user", "content": "x", "attachments": [{"file_id": file_id, "tools": tools}]}


def test_a_message_of_texts_and_images(backend: Backend, client: Any) -> None:
    """Content given in parts comes back as those parts; an image of which no detail was asked for has `auto`."""
    file = backend.add_file(purpose="vision")
    given: Any = [
        {"type": "text", "text": "What is on these?"},
        {"type": "image_file", "image_file": {"file_id": file.id}},
        {"type": "image_url", "image_url": {"url": "https://example.org/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "http://example.com/b.png"}},
    ]
    thread = client.beta.threads.create(messages=[{"role": "user", "content": given}])
    (message,) = client.beta.threads.messages.list(thread.id).data
    text, image, near, far = message.content
    assert (text.type, text.text.value, text.text.annotations) == ("text", "What is on these?", [])
    assert (image.image_file.file_id, image.image_file.detail) == (file.id, "auto")
    assert (near.image_url.url, near.image_url.detail) == ("https://example.org/cat.png", "low")
    assert (far.image_url.url, far.image_url.detail) == ("http://example.com/b.png", "auto")


def test_what_a_message_is_updated_with(client: Any) -> None:
    """An update replaces the metadata; one that sends none, or null, leaves it."""
    thread = client.beta.threads.create()
    messages = client.beta.threads.messages
    message = messages.create(thread.id, role="user", content="x", metadata={"a": "1"})
    assert messages.update(message.id, thread_id=thread.id, metadata={"b": "2"}).metadata == {"b": "2"}
    assert messages.update(message.id, thread_id=thread.id).metadata == {"b": "2"}
    assert messages.update(message.id, thread_id=thread.id, metadata=None).metadata == {"b": "2"}


def test_what_a_run_is_updated_with(client: Any) -> None:
    """The same of a run that is over."""
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, metadata={"a": "1"})
    assert client.beta.threads.runs.update(run.id, thread_id=run.thread_id).metadata == {"a": "1"}


def test_attachments_go_where_their_tools_are(backend: Backend, client: Any) -> None:
    """A file for the code interpreter makes no store, one attached twice is in the store once; without a file, nothing."""
    code, searched = backend.add_file(), backend.add_file()
    thread = client.beta.threads.create(messages=[attached(code.id, CODE)])
    assert backend.vector_stores == []
    for _ in range(2):
        client.beta.threads.messages.create(thread.id, **attached(searched.id))
    nothing = client.beta.threads.messages.create(thread.id, role="user", content="x", attachments=[{"tools": FILE_SEARCH}])
    assert [attachment.file_id for attachment in nothing.attachments] == [None]
    resources = client.beta.threads.retrieve(thread.id).tool_resources
    assert resources.code_interpreter.file_ids == [code.id]
    (store,) = backend.vector_stores
    assert resources.file_search.vector_store_ids == [store.id]
    assert [file.id for file in client.vector_stores.files.list(store.id)] == [searched.id]


@pytest.mark.parametrize("has_store", [False, True])
def test_a_refused_run_takes_its_messages_back(has_store: bool, backend: Backend, client: Any) -> None:
    """The additional messages of a run that cannot start are not in the thread, nor their files in its store."""
    old, new = backend.add_file(), backend.add_file()
    thread = client.beta.threads.create(messages=[attached(old.id)] if has_store else [])
    before = client.beta.threads.retrieve(thread.id)
    assistant = client.beta.assistants.create(model="gpt-4o")
    with pytest.raises(openai.BadRequestError, match="cannot be used with"):
        client.beta.threads.runs.create(
            thread.id,
            assistant_id=assistant.id,
            model="text-embedding-3-small",
            additional_messages=[attached(new.id)],
        )
    assert len(backend.messages(thread.id)) == has_store
    assert client.beta.threads.retrieve(thread.id) == before
    held = [[file.id for file in client.vector_stores.files.list(store.id)] for store in backend.vector_stores]
    assert held == ([[old.id]] if has_store else [])


def test_a_refused_thread_with_a_run_leaves_its_store_as_it_was(backend: Backend, client: Any) -> None:
    """A store that the thread only names is there afterwards, without the files of the thread's messages."""
    old, new = backend.add_file(), backend.add_file()
    store = backend.add_vector_store(file_ids=[old.id])
    thread: Any = {"messages": [attached(new.id)], "tool_resources": {"file_search": {"vector_store_ids": [store.id]}}}
    assistant = client.beta.assistants.create(model="gpt-4o")
    with pytest.raises(openai.BadRequestError, match="cannot be used with"):
        client.beta.threads.create_and_run(assistant_id=assistant.id, model="text-embedding-3-small", thread=thread)
    assert [file.id for file in client.vector_stores.files.list(store.id)] == [old.id]
    assert backend.threads == []


def test_a_threads_resources_may_be_null(backend: Backend, client: Any) -> None:
    """A tool whose resources are null has none; those given beside a new thread and run are the thread's."""
    file = backend.add_file()
    resources: Any = {"code_interpreter": {"file_ids": [file.id]}, "file_search": None}
    thread = client.beta.threads.create(tool_resources=resources)
    assert client.beta.threads.retrieve(thread.id).tool_resources.to_dict() == {"code_interpreter": {"file_ids": [file.id]}}
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, tool_resources=resources)
    assert client.beta.threads.retrieve(run.thread_id).tool_resources == thread.tool_resources


def test_a_file_that_code_wrote_is_streamed(backend: Backend, client: Any) -> None:
    """A path in the sandbox is annotated as a file to download, in the stream as in the message."""
    file = backend.add_file(purpose="assistants_output")
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    thread = client.beta.threads.create()
    backend.next_run(Reply("See [it](sandbox:/mnt/data/sum.csv).", citations=[file.id]))
    with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        deltas = [event.data for event in stream if event.event == "thread.message.delta"]
    parts = [part.text for delta in deltas for part in delta.delta.content]
    streamed = [note.to_dict() for text in parts for note in text.annotations or ()]
    (told,) = streamed
    assert (told["type"], told["file_path"]) == ("file_path", {"file_id": file.id})
    kept = client.beta.threads.messages.list(thread.id).data[0].content[0].text.annotations
    assert [{"index": 0, **note.to_dict()} for note in kept] == streamed


def test_a_stream_ends_when_its_thread_is_deleted(backend: Backend, client: Any) -> None:
    """Who deletes a thread under a streamed run gets no more events, and no error."""
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="x")
    thread = client.beta.threads.create()
    stream = client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, stream=True)
    seen = []
    for event in stream:
        seen.append(event.event)
        if event.event == "thread.run.in_progress":
            client.beta.threads.delete(thread.id)
    assert seen == ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]
    assert backend.close() == []
