"""Vector stores: create, list, retrieve, modify, delete, search."""

from __future__ import annotations

from understudy._apis.assistants import render
from understudy._apis.assistants.defaults import chunking_of
from understudy._apis.common import render_files
from understudy._apis.common.operation_call import Call, Json
from understudy._apis.common.paging import page_of
from understudy._engine.engine import Engine
from understudy._engine.file_objects import VectorStore
from understudy._engine.search import search as search_files
from understudy._engine.vector_stores import StoreEntry


def show(call: Call, store: VectorStore) -> Json:
    """Return the REST view of a store.

    Its present state counts as seen: the next poll advances it.
    """
    call.shown[store.key()] = store.look()
    return render_files.vector_store(store)


def create(call: Call) -> Json:
    return show(call, make(call.engine, call.body))


def make(engine: Engine, body: Json, *, id: str | None = None, created_at: float | None = None) -> VectorStore:  # noqa: A002
    """Create a store from a checked request body."""
    chunking = chunking_of(body)
    return engine.stores.create(
        [StoreEntry(file_id, chunking) for file_id in body.get("file_ids") or ()],
        id=id,
        created_at=created_at,
        name=body.get("name"),
        description=body.get("description"),
        metadata=dict(body.get("metadata") or {}),
        lifetime_days=(body.get("expires_after") or {}).get("days"),
    )


def list_page(call: Call) -> Json:
    return page_of(call, call.engine.stores.listing, lambda store: show(call, store))


def retrieve(call: Call) -> Json:
    store = call.engine.stores.get(call.ids["vector_store_id"])
    call.polls.asked_indexing(store)
    return show(call, store)


def modify(call: Call) -> Json:
    """Change the fields that were sent; the others stay as they are [SPEC]."""
    store = call.engine.stores.get(call.ids["vector_store_id"])
    body = call.body
    if "name" in body:
        store.name = body["name"]
    if "metadata" in body:
        store.metadata = dict(body["metadata"])
    if "expires_after" in body:
        call.engine.stores.set_lifetime(store, body["expires_after"]["days"])
    return show(call, store)


def delete(call: Call) -> Json:
    store = call.engine.stores.get(call.ids["vector_store_id"])
    call.engine.stores.remove(store)
    return render.deleted(store.id, "vector_store")


def search(call: Call) -> Json:
    """Search the indexed files of a store.

    A rewritten query is the query as it was sent [SPEC, INF].
    """
    engine, body = call.engine, call.body
    store = engine.stores.usable(call.ids["vector_store_id"])
    engine.stores.touch(store)
    queries = [body["query"]] if isinstance(body["query"], str) else body["query"]
    found = search_files(
        [(engine.existing_file(file.id), file) for file in store.files if file.state.status == "completed"],
        queries,
        most=body.get("max_num_results") or 10,
        threshold=(body.get("ranking_options") or {}).get("score_threshold", 0.0),
        filters=body.get("filters"),
    )
    return render_files.search_page(queries, found)
