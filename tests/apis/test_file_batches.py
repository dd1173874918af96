from __future__ import annotations

from typing import Any

import openai
import pytest

from understudy._backend.backend import Backend


def seeded(backend: Backend, count: int) -> list[str]:
    return [backend.add_file(filename=f"{n}.txt", content="x").id for n in range(count)]


def test_a_batch_is_in_progress_then_completed(backend: Backend, client: Any) -> None:
    """A batch counts its files; a poll after it was shown finds them indexed."""
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create(store.id, file_ids=seeded(backend, 3))
    assert (batch.object, batch.status, batch.file_counts.in_progress) == ("vector_store.file_batch", "in_progress", 3)
    after = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store.id)
    assert (after.status, after.file_counts.completed, after.file_counts.total) == ("completed", 3, 3)
    assert client.vector_stores.retrieve(store.id).file_counts.completed == 3


def test_the_sdk_uploads_and_polls_a_batch(backend: Backend, client: Any) -> None:
    """`upload_and_poll` and `create_and_poll` of the SDK come back at once with a finished batch."""
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.upload_and_poll(
        vector_store_id=store.id, files=[("a.txt", b"a"), ("b.txt", b"b")], file_ids=seeded(backend, 1)
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 3)
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=seeded(backend, 2))
    assert batch.file_counts.completed == 2


def test_the_list_is_in_the_order_of_ids_both_ways(backend: Backend, client: Any) -> None:
    """As recorded in October 2025, the files of a batch come in one order whichever is asked for; cursors follow it."""
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create(store.id, file_ids=seeded(backend, 7))
    lists = {
        order: [file.id for file in client.vector_stores.file_batches.list_files(
            batch.id, vector_store_id=store.id, order=order, limit=2
        )]
        for order in ("asc", "desc")
    }  # fmt: skip
    assert lists["asc"] == lists["desc"] == sorted(lists["asc"])
    before = client.vector_stores.file_batches.list_files(
        batch.id, vector_store_id=store.id, before=lists["asc"][3], order="asc"
    )
    assert [file.id for file in before.data] == lists["asc"][:3]


def test_cancelling_stops_what_is_not_indexed(backend: Backend, client: Any) -> None:
    """Cancel ends the waiting files; cancelling what is over is no error and changes nothing, as recorded."""
    store = client.vector_stores.create()
    batch = client.vector_stores.file_batches.create(store.id, file_ids=seeded(backend, 2))
    for _ in range(2):
        cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
        assert (cancelled.status, cancelled.file_counts.cancelled) == ("cancelled", 2)
    listed = client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id, filter="cancelled")
    assert len(listed.data) == 2
    done = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=seeded(backend, 1))
    assert client.vector_stores.file_batches.cancel(done.id, vector_store_id=store.id).status == "completed"
    assert client.vector_stores.retrieve(store.id).status == "completed"


def test_a_file_taken_out_of_a_batch_counts_as_cancelled(backend: Backend, client: Any) -> None:
    """A file that leaves the store before it is indexed is cancelled for its batch; cancelling the rest counts it once."""
    store = client.vector_stores.create()
    one, two = seeded(backend, 2)
    batch = client.vector_stores.file_batches.create(store.id, file_ids=[one, two])
    client.vector_stores.files.delete(one, vector_store_id=store.id)
    left = client.vector_stores.file_batches.retrieve(batch.id, vector_store_id=store.id)
    assert (left.status, left.file_counts.cancelled, left.file_counts.in_progress) == ("in_progress", 1, 1)
    cancelled = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert (cancelled.status, cancelled.file_counts.cancelled, cancelled.file_counts.total) == ("cancelled", 2, 2)
    last = client.vector_stores.file_batches.create(store.id, file_ids=[two])
    client.vector_stores.files.delete(two, vector_store_id=store.id)
    over = client.vector_stores.file_batches.retrieve(last.id, vector_store_id=store.id)
    assert (over.status, over.file_counts.cancelled) == ("completed", 1)


def test_files_of_a_batch_can_have_settings_of_their_own(backend: Backend, client: Any) -> None:
    """`files` gives each file its attributes; it excludes `file_ids`, and one of them must be there."""
    store = client.vector_stores.create()
    one, two = seeded(backend, 2)
    body: dict[str, Any] = {"files": [{"file_id": one, "attributes": {"n": 1}}, {"file_id": two}]}
    batch = client.post(f"/vector_stores/{store.id}/file_batches", body=body, cast_to=object)
    assert batch["file_counts"]["total"] == 2
    assert client.vector_stores.files.retrieve(one, vector_store_id=store.id).attributes == {"n": 1}
    for wrong in ({}, body | {"file_ids": [one]}):
        with pytest.raises(openai.BadRequestError):
            client.post(f"/vector_stores/{store.id}/file_batches", body=wrong, cast_to=object)


def test_one_failure_leaves_a_batch_completed(backend: Backend, client: Any) -> None:
    """A batch with a failed file is completed and counts it; one in which all failed is failed."""
    store = client.vector_stores.create()
    good, bad = seeded(backend, 2)
    backend.fail_file(bad, "invalid_file")
    mixed = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[good, bad])
    assert (mixed.status, mixed.file_counts.failed, mixed.file_counts.completed) == ("completed", 1, 1)
    failed = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[bad])
    assert (failed.status, failed.file_counts.failed) == ("failed", 1)


def test_an_unknown_batch_is_refused(client: Any) -> None:
    """A batch is looked for in its store."""
    store = client.vector_stores.create()
    with pytest.raises(openai.NotFoundError, match="No file batch found with id 'vsfb_x'"):
        client.vector_stores.file_batches.retrieve("vsfb_x", vector_store_id=store.id)


async def test_the_async_client_polls_at_once(backend: Backend) -> None:
    """The same pollers of the async client, which sleep between polls, come back at once as well."""
    async with backend.async_client() as client:
        store = await client.vector_stores.create(name="x")
        file = await client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=("a.txt", b"abc"))
        assert (file.status, file.usage_bytes) == ("completed", 3)
        batch = await client.vector_stores.file_batches.upload_and_poll(store.id, files=[("b.txt", b"b")])
        assert batch.file_counts.completed == 1
