"""What a body names must exist: files and vector stores, checked before anything is made or changed [INF for the texts]."""

from __future__ import annotations

from typing import Any

from understudy._engine.engine import Engine

Json = dict[str, Any]


def check_resources(engine: Engine, resources: Json | None) -> None:
    """The files and stores of `tool_resources`."""
    resources = resources or {}
    for file_id in (resources.get("code_interpreter") or {}).get("file_ids", ()):
        engine.existing_file(file_id)
    search = resources.get("file_search") or {}
    for store_id in search.get("vector_store_ids", ()):
        engine.stores.get(store_id)
    for store in search.get("vector_stores", ()):
        engine.stores.check_files(store.get("file_ids") or ())


def check_message(engine: Engine, body: Json) -> None:
    """The files that a message shows or has attached."""
    if not isinstance(body["content"], str):
        for part in body["content"]:
            if part["type"] == "image_file":
                engine.existing_file(part["image_file"]["file_id"])
    for attachment in body.get("attachments") or ():
        if "file_id" not in attachment:
            continue
        engine.existing_file(attachment["file_id"])
        if wants_search(attachment):
            engine.stores.check_files([attachment["file_id"]])


def check_thread(engine: Engine, body: Json) -> None:
    """All that a new thread names."""
    check_resources(engine, body.get("tool_resources"))
    for message in body.get("messages", ()):
        check_message(engine, message)


def wants_search(attachment: Json) -> bool:
    """Say whether an attachment is for the file search tool."""
    return any(tool["type"] == "file_search" for tool in attachment.get("tools") or ())
