"""Files in vector stores: add, list, retrieve, set attributes, take out, content."""

from __future__ import annotations

from collections.abc import Callable

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import chunking_of
from understudy._apis.common import render_files
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.file_objects import StoreFile
from understudy._engine.search import text_of
from understudy._engine.vector_stores import StoreEntry


def show(call: Call, file: StoreFile) -> Json:
    """Return a file of a store.

    Its present status counts as seen: the next poll advances it.
    """
    call.shown[file.key()] = file.look()
    return render_files.store_file(file)


def entry_of(body: Json) -> StoreEntry:
    """Return the entry that adds a file to a store."""
    return StoreEntry(body["file_id"], chunking_of(body), body.get("attributes"))


def create(call: Call) -> Json:
    store = call.engine.stores.usable(call.ids["vector_store_id"])
    return show(call, call.engine.stores.add_file(store, entry_of(call.body)))


def list_page(call: Call) -> Json:
    store = call.engine.stores.get(call.ids["vector_store_id"])
    call.polls.asked_files(store)
    return page_of(call, store.files, lambda file: show(call, file), where=with_status(call))


def with_status(call: Call) -> Callable[[StoreFile], bool] | None:
    """Return a predicate for the list's `filter`, a file status [REC].

    None if the query has no filter.
    """
    status = call.query.get("filter")
    return None if status is None else lambda file: file.state.status == status


def retrieve(call: Call) -> Json:
    file = _found(call)
    call.polls.asked_indexing(file)
    return show(call, file)


def modify(call: Call) -> Json:
    """Replace the attributes as a whole [SPEC, INF]."""
    file = _found(call)
    file.attributes = dict(call.body["attributes"] or {})
    return show(call, file)


def delete(call: Call) -> Json:
    file = _found(call)
    call.engine.stores.remove_file(call.engine.stores.get(file.vector_store_id), file)
    return render.deleted(file.id, "vector_store.file")


def content(call: Call) -> Json:
    """Return the text of a file, once it is indexed [SPEC]."""
    file = _found(call)
    is_ready = file.state.status == "completed"
    return render_files.file_content(text_of(call.engine.files.get(file.id)) if is_ready else "")


def _found(call: Call) -> StoreFile:
    return call.engine.stores.file(call.ids["vector_store_id"], call.ids["file_id"])
