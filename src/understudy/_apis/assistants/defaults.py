"""Resources and contents in their stored form: defaults filled in [REC]."""

from __future__ import annotations

from typing import Any

from understudy._engine.engine import Engine
from understudy._engine.file_objects import DEFAULT_CHUNKING, Chunking
from understudy._engine.items import ImageFile, ImageUrl, Part, Text
from understudy._engine.vector_stores import StoreEntry

Json = dict[str, Any]

THREAD_STORE_DAYS = 7  # of a store made for a thread, since it was last used [DOCS]


def normal_tool_resources(engine: Engine, tools: list[Json], given: Json | None) -> Json:
    """Return an assistant's tool_resources, creating inline vector stores [REC].

    First the resources of its tools, empty where none were given [REC]; then what was given for other tools, kept for
    when they are added [REP].
    """
    given = {name: value for name, value in (given or {}).items() if value is not None}
    resources: Json = {}
    kinds = [tool["type"] for tool in tools if tool["type"] != "function"]
    for kind in dict.fromkeys([*kinds, *given]):  # in the order of the tools [REC]
        if kind == "code_interpreter":
            resources[kind] = {"file_ids": list(given.get(kind, {}).get("file_ids", []))}
        else:
            resources[kind] = {"vector_store_ids": store_ids(engine, given.get(kind, {}))}
    return resources


def kept_resources(resources: Json) -> Json:
    """Return the resources that were given explicitly.

    That is, without the empty lists that the service adds for each tool.
    """
    return {name: value for name, value in resources.items() if any(value.values())}


def thread_tool_resources(engine: Engine, given: Json | None) -> Json:
    """Return a thread's tool_resources, creating inline vector stores [REC]."""
    resources: Json = {}
    for name, value in (given or {}).items():
        if name == "file_search":
            resources[name] = {"vector_store_ids": store_ids(engine, value, lifetime_days=THREAD_STORE_DAYS)}
        else:
            resources[name] = {"file_ids": list(value.get("file_ids", []))}
    return resources


def store_ids(engine: Engine, search: Json, *, lifetime_days: int | None = None) -> list[str]:
    """Return the ids of the vector stores of a `file_search` resource [REC].

    Stores that it describes are created.
    """
    made = [
        engine.stores.create(
            [StoreEntry(file_id, chunking_of(store)) for file_id in store.get("file_ids") or ()],
            metadata=dict(store.get("metadata") or {}),
            lifetime_days=lifetime_days,
        )
        for store in search.get("vector_stores", ())
    ]
    return [*search.get("vector_store_ids", ()), *(store.id for store in made)]


def chunking_of(body: Json) -> Chunking:
    """Return the chunk sizes in a body; `auto` is 800 tokens, 400 of overlap [REC]."""
    static = (body.get("chunking_strategy") or {}).get("static")
    return Chunking(static["max_chunk_size_tokens"], static["chunk_overlap_tokens"]) if static else DEFAULT_CHUNKING


def normal_content(content: Any) -> tuple[Part, ...]:
    """Return the content of a message as parts [REC].

    A string is one text part; an image_url without a detail gets `auto`.
    """
    if isinstance(content, str):
        return (Text(content),)
    return tuple(_part(part) for part in content)


def _part(part: Json) -> Part:
    if part["type"] == "text":
        return Text(part["text"])
    image = part[part["type"]]
    if part["type"] == "image_file":
        return ImageFile(image["file_id"], image.get("detail", "auto"))
    return ImageUrl(image["url"], image.get("detail", "auto"))
