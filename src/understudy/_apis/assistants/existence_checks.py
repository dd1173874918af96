"""Checks that the files and vector stores in a body exist.

They come before anything is created or changed [INF for the texts].
"""

from __future__ import annotations

from typing import Any

from understudy._engine.engine import Engine

Json = dict[str, Any]


def check_resources(engine: Engine, resources: Json | None) -> None:
    """Refuse `tool_resources` with files or stores that do not exist."""
    resources = resources or {}
    for file_id in (resources.get("code_interpreter") or {}).get("file_ids", ()):
        engine.existing_file(file_id)
    search = resources.get("file_search") or {}
    for store_id in search.get("vector_store_ids", ()):
        engine.stores.get(store_id)
    for store in search.get("vector_stores", ()):
        engine.stores.check_files(store.get("file_ids") or ())


def check_message(engine: Engine, body: Json) -> None:
    """Refuse a message with image files or attachments that do not exist."""
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
    """Refuse a new thread with files or stores that do not exist."""
    check_resources(engine, body.get("tool_resources"))
    for message in body.get("messages", ()):
        check_message(engine, message)


def wants_search(attachment: Json) -> bool:
    """Return whether an attachment is for the file search tool."""
    return any(tool["type"] == "file_search" for tool in attachment.get("tools") or ())
