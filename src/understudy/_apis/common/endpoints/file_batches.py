"""Batches of files in vector stores: create, retrieve, cancel, list files."""

from __future__ import annotations

from understudy._apis.assistants.defaults import chunking_of
from understudy._apis.common import render_files
from understudy._apis.common.endpoints import store_files
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.file_objects import FileBatch
from understudy._engine.vector_stores import StoreEntry


def show(call: Call, batch: FileBatch) -> Json:
    """Return a batch.

    Its present state, and that of its files, counts as seen: the next poll advances them.
    """
    call.shown[batch.key()] = batch.look()
    for file in batch.files:
        call.shown[file.key()] = file.look()
    return render_files.file_batch(batch)


def create(call: Call) -> Json:
    """Add several files to a store [SPEC].

    Either `file_ids`, all with the same settings, or `files`, each with its own.
    """
    store = call.engine.stores.usable(call.ids["vector_store_id"])
    body = call.body
    if "files" in body:
        entries = [store_files.entry_of(file) for file in body["files"]]
    else:
        entries = [StoreEntry(file_id, chunking_of(body), body.get("attributes")) for file_id in body["file_ids"]]
    return show(call, call.engine.stores.add_batch(store, entries))


def retrieve(call: Call) -> Json:
    batch = _found(call)
    call.polls.asked_indexing(batch)
    return show(call, batch)


def cancel(call: Call) -> Json:
    batch = _found(call)
    call.engine.stores.cancel_batch(batch)
    return show(call, batch)


def files(call: Call) -> Json:
    """Return the files of a batch, in ascending order of id [REC, Oct 2025].

    The `order` of the query is ignored, as the service ignores it.
    """
    batch = _found(call)
    call.polls.asked_files(batch)
    call.query["order"] = "asc"
    return page_of(call, batch.files, lambda file: store_files.show(call, file), where=store_files.with_status(call))


def _found(call: Call) -> FileBatch:
    return call.engine.stores.batch(call.ids["vector_store_id"], call.ids["batch_id"])
