"""Batches of files in vector stores: create, retrieve, cancel, list files."""

from __future__ import annotations

from understudy.simulation.file_objects import FileBatch
from understudy.simulation.stores import Entry
from understudy.wire import render_files
from understudy.wire.call import Call, Json
from understudy.wire.endpoints import store_files
from understudy.wire.normal import chunking_of
from understudy.wire.paging import page_of


def show(batch: FileBatch) -> Json:
    """A batch. From now on its present state, and that of its files, counts as seen."""
    batch.shown = batch.look()
    for file in batch.files:
        file.shown = file.look()
    return render_files.file_batch(batch)


def create(call: Call) -> Json:
    """Add files together: `file_ids`, all treated alike, or `files`, each with settings of its own. [SPEC]"""
    store = call.world.stores.usable(call.ids["vector_store_id"])
    body = call.body
    if "files" in body:
        entries = [store_files.entry_of(file) for file in body["files"]]
    else:
        entries = [Entry(file_id, chunking_of(body), body.get("attributes")) for file_id in body["file_ids"]]
    return show(call.world.stores.add_batch(store, entries))


def retrieve(call: Call) -> Json:
    return show(_found(call))


def cancel(call: Call) -> Json:
    batch = _found(call)
    call.world.stores.cancel_batch(batch)
    return show(batch)


def files(call: Call) -> Json:
    """A batch's files, in the order of their ids whichever order is asked for. [REC, Oct 2025]"""
    call.query["order"] = "asc"
    return page_of(call, _found(call).files, store_files.show, where=store_files.with_status(call))


def _found(call: Call) -> FileBatch:
    return call.world.stores.batch(call.ids["vector_store_id"], call.ids["batch_id"])
