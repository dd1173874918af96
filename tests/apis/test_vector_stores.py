from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy._backend.backend import Backend

DAY = 86_400


def counts(held: Any) -> tuple[int, int, int, int, int]:
    found = held.file_counts
    return found.in_progress, found.completed, found.failed, found.cancelled, found.total


def test_an_empty_store_is_completed_at_once(client: Any) -> None:
    """A store without files is completed when it is made, with the recorded keys in the recorded order."""
    body = client.vector_stores.with_raw_response.create().http_response.json()
    assert list(body) == [
        "id", "object", "created_at", "name", "description", "usage_bytes", "file_counts", "status", "expires_after",
        "expires_at", "last_active_at", "metadata",
    ]  # fmt: skip
    assert (body["status"], body["name"], body["expires_after"], body["metadata"]) == ("completed", None, None, {})


def test_a_store_with_files_is_indexed_on_the_clock(backend: Backend, client: Any) -> None:
    """It is in progress until its files are indexed; then counts and bytes say so."""
    files = [backend.add_file(filename=f"{n}.txt", content="x" * 10).id for n in range(3)]
    store = client.vector_stores.create(file_ids=files, name="docs", metadata={"a": "b"})
    assert (store.status, counts(store), store.usage_bytes) == ("in_progress", (3, 0, 0, 0, 3), 0)
    backend.clock.advance(1)
    after = client.vector_stores.retrieve(store.id)
    assert (after.status, counts(after), after.usage_bytes) == ("completed", (0, 3, 0, 0, 3), 30)
    assert (after.name, after.metadata) == ("docs", {"a": "b"})


def test_asking_again_moves_on(client: Any, backend: Backend) -> None:
    """In the default mode a poll of a store or a file shows its state once, then the next: the SDK's pollers are instant."""
    store = client.vector_stores.create()
    added = client.vector_stores.files.create(store.id, file_id=backend.add_file().id)
    assert added.status == "in_progress"
    raw = client.vector_stores.files.with_raw_response.retrieve(added.id, vector_store_id=store.id)
    assert raw.headers["openai-poll-after-ms"] == "0"
    assert raw.parse().status == "completed"
    before = backend.clock.now()
    done = client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"abc"))
    assert (done.status, backend.clock.now()) == ("completed", before + 1)


def test_only_the_test_moves_a_manual_clock(manual: Backend) -> None:
    """With time="manual" no poll moves anything, and polling for ever is named."""
    with manual.client() as client:
        store = client.vector_stores.create(file_ids=[manual.add_file().id])
        assert [client.vector_stores.retrieve(store.id).status for _ in range(5)] == ["in_progress"] * 5
        manual.clock.advance(1)
        assert client.vector_stores.retrieve(store.id).status == "completed"


@pytest.fixture
def manual(validated: None) -> Backend:
    return Backend(time="manual")


def test_the_list_of_files_moves_on_when_all_was_shown(backend: Backend, client: Any) -> None:
    """The first list after making a store shows what is in progress, as recorded; the next shows it done."""
    store = client.vector_stores.create(file_ids=[backend.add_file().id])
    assert [file.status for file in client.vector_stores.files.list(store.id)] == ["in_progress"]
    assert [file.status for file in client.vector_stores.files.list(store.id, filter="completed")] == ["completed"]
    assert client.vector_stores.files.list(store.id, filter="failed").data == []


@pytest.mark.parametrize("code", ["server_error", "unsupported_file", "invalid_file"])
@pytest.mark.parametrize("by", ["id", "name"])
def test_a_test_makes_a_file_fail(backend: Backend, client: Any, code: str, by: str) -> None:
    """`fail_file` ends the file `failed` with this error, by id or by name; the store completes without it."""
    file = backend.add_file(filename="bad.txt", content="abc")
    backend.fail_file(file.id if by == "id" else "bad.txt", code, message="No.")
    store = client.vector_stores.create(file_ids=[file.id, backend.add_file(content="x").id])
    failed = client.vector_stores.files.poll(file.id, vector_store_id=store.id)
    assert (failed.status, failed.last_error.code, failed.last_error.message) == ("failed", code, "No.")
    after = client.vector_stores.retrieve(store.id)
    assert (after.status, counts(after), after.usage_bytes) == ("completed", (0, 1, 1, 0, 2), 1)


def test_an_unknown_failure_is_the_tests_mistake(backend: Backend) -> None:
    """`fail_file` names the nearest code."""
    with pytest.raises(ValueError, match="Did you mean 'invalid_file'"):
        backend.fail_file("x", "invalid_fil")


def test_chunking_and_attributes_are_echoed(backend: Backend, client: Any) -> None:
    """A static strategy and the attributes come back as given; `auto` is written out; attributes are replaced."""
    store = client.vector_stores.create()
    static = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 100}}
    made = client.vector_stores.files.create(
        store.id, file_id=backend.add_file().id, chunking_strategy=static, attributes={"year": 2024, "ok": True, "s": "x"}
    )
    assert made.chunking_strategy.to_dict() == static
    assert made.attributes == {"year": 2024, "ok": True, "s": "x"}
    changed = client.vector_stores.files.update(made.id, vector_store_id=store.id, attributes={"year": 2025})
    assert changed.attributes == {"year": 2025}
    auto = client.vector_stores.files.create(store.id, file_id=backend.add_file().id, chunking_strategy={"type": "auto"})
    assert auto.chunking_strategy.static.to_dict() == {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}


def test_an_overlap_of_more_than_half_is_refused(backend: Backend, client: Any) -> None:
    """The overlap of passages is at most half of their size."""
    static = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 101}}
    with pytest.raises(openai.BadRequestError, match=r"chunking_strategy.static.chunk_overlap_tokens"):
        client.vector_stores.create(file_ids=[backend.add_file().id], chunking_strategy=static)
    assert backend.vector_stores == []


def test_modifying_leaves_the_rest(client: Any) -> None:
    """Fields not sent stay; expiry counts from the last activity, and null leaves it as it is."""
    store = client.vector_stores.create(name="a", metadata={"k": "v"}, expires_after={"anchor": "last_active_at", "days": 3})
    assert store.expires_at == store.last_active_at + 3 * DAY
    changed = client.vector_stores.update(store.id, name="b")
    assert (changed.name, changed.metadata, changed.expires_at) == ("b", {"k": "v"}, store.expires_at)
    assert client.vector_stores.update(store.id, expires_after=None).expires_at == store.expires_at


def test_an_unused_store_expires(backend: Backend, client: Any) -> None:
    """It expires so many days after it was last active; use puts that off; an expired store is refused where it is used."""
    store = client.vector_stores.create(expires_after={"anchor": "last_active_at", "days": 1})
    backend.clock.advance(DAY - 10)
    client.vector_stores.search(store.id, query="x")
    backend.clock.advance(20)
    assert client.vector_stores.retrieve(store.id).status == "completed"
    backend.clock.advance(DAY)
    assert client.vector_stores.retrieve(store.id).status == "expired"
    for act in (
        lambda: client.vector_stores.search(store.id, query="x"),
        lambda: client.vector_stores.files.create(store.id, file_id=backend.add_file().id),
    ):
        with pytest.raises(openai.BadRequestError, match=f"Vector store '{store.id}' has expired"):
            act()


def test_a_run_on_an_expired_store_is_refused(backend: Backend, client: Any) -> None:
    """A run whose file search would use an expired store cannot start."""
    store = client.vector_stores.create(expires_after={"anchor": "last_active_at", "days": 1})
    assistant = client.beta.assistants.create(
        model="gpt-4o",
        instructions="x",
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )
    backend.clock.advance(DAY)
    with pytest.raises(openai.BadRequestError, match="has expired"):
        client.beta.threads.create_and_run(assistant_id=assistant.id)
    assert backend.threads == []


def test_taking_a_file_out_leaves_the_file(backend: Backend, client: Any) -> None:
    """A file taken out of a store is still a file; a deleted file is out of every store."""
    one, two = backend.add_file(content="abc"), backend.add_file(content="de")
    store = backend.add_vector_store(file_ids=[one.id, two.id])
    assert store.usage_bytes == 5
    deleted = client.vector_stores.files.delete(one.id, vector_store_id=store.id)
    assert deleted.to_dict() == {"id": one.id, "object": "vector_store.file.deleted", "deleted": True}
    assert client.files.retrieve(one.id).id == one.id
    client.files.delete(two.id)
    assert client.vector_stores.files.list(store.id).data == []
    after = client.vector_stores.retrieve(store.id)
    assert (counts(after), after.usage_bytes) == ((0, 0, 0, 0, 0), 0)


def test_a_deleted_store_is_gone(backend: Backend, client: Any) -> None:
    """Deleting a store leaves its files; what is asked of it afterwards is 404 in the reported words."""
    file = backend.add_file()
    store = client.vector_stores.create(file_ids=[file.id])
    assert client.vector_stores.delete(store.id).object == "vector_store.deleted"
    backend.clock.advance(10)
    with pytest.raises(openai.NotFoundError, match=f"No vector store found with id '{store.id}'."):
        client.vector_stores.retrieve(store.id)
    assert client.files.retrieve(file.id).id == file.id


def test_unknown_things_are_named(backend: Backend, client: Any) -> None:
    """Unknown files, and files that are in no such store, are refused by name."""
    store = client.vector_stores.create()
    with pytest.raises(openai.NotFoundError, match="No file found with id 'file-x'"):
        client.vector_stores.files.create(store.id, file_id="file-x")
    with pytest.raises(openai.NotFoundError, match=f"No file found with id 'file-x' in vector store '{store.id}'."):
        client.vector_stores.files.retrieve("file-x", vector_store_id=store.id)
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.create(file_ids=["file-x"])
    assert len(backend.vector_stores) == 1


def test_files_that_cannot_be_searched_are_refused(backend: Backend, client: Any) -> None:
    """Files with an ending that file search does not read are refused in the reported words."""
    csv, none = backend.add_file(filename="a.csv"), backend.add_file(filename="README")
    with pytest.raises(openai.BadRequestError, match=r"extensions \[.csv, none\] are not supported for retrieval") as caught:
        client.vector_stores.create(file_ids=[csv.id, none.id])
    assert (caught.value.code, caught.value.param) == ("unsupported_file", "file_ids")


def test_the_content_of_a_file_is_its_text(backend: Backend, client: Any) -> None:
    """Parsed content is the text once the file is indexed, and nothing before, or when it is no text."""
    text, binary = backend.add_file(content="Grüße"), backend.add_file(filename="a.pdf", content=b"\xff\xfe")
    store = client.vector_stores.create(file_ids=[text.id, binary.id])
    assert client.vector_stores.files.content(text.id, vector_store_id=store.id).data == []
    backend.clock.advance(1)
    assert [part.text for part in client.vector_stores.files.content(text.id, vector_store_id=store.id)] == ["Grüße"]
    assert client.vector_stores.files.content(binary.id, vector_store_id=store.id).data == []


def test_seeded_stores_are_indexed(backend: Backend, client: Any) -> None:
    """A store made by the test is completed, and takes the fields of the create request and no others."""
    file = backend.add_file(content="x")
    backend.add_vector_store(id="vs_abc", file_ids=[file.id], name="n", created_at=1_600_000_000)
    store = client.vector_stores.retrieve("vs_abc")
    assert (store.status, store.name, store.created_at) == ("completed", "n", 1_600_000_000)
    with pytest.raises(TypeError, match="Did you mean 'metadata'"):
        backend.add_vector_store(metdata={})
    with pytest.raises(KeyError, match="no file has the id 'file-no'"):
        backend.add_vector_store(file_ids=["file-no"])
