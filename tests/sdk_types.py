"""Validates what the service answers against the types of the installed SDK, strictly: no field is coerced."""

from __future__ import annotations

from functools import cache
from typing import Any

import openai.types
import openai.types.beta
import openai.types.beta.threads
import openai.types.beta.threads.runs
import openai.types.uploads
import openai.types.vector_stores
from pydantic import TypeAdapter, ValidationError

_beta, _threads, _runs = openai.types.beta, openai.types.beta.threads, openai.types.beta.threads.runs

# The `object` field of a value, to the SDK's type of it.
TYPES: dict[str, type] = {
    "assistant": _beta.Assistant,
    "assistant.deleted": _beta.AssistantDeleted,
    "thread": _beta.Thread,
    "thread.deleted": _beta.ThreadDeleted,
    "thread.message": _threads.Message,
    "thread.message.deleted": _threads.MessageDeleted,
    "thread.message.delta": _threads.MessageDeltaEvent,
    "thread.run": _threads.Run,
    "thread.run.step": _runs.RunStep,
    "thread.run.step.delta": _runs.RunStepDeltaEvent,
    "file": openai.types.FileObject,
    "upload": openai.types.Upload,
    "upload.part": openai.types.uploads.UploadPart,
    "model": openai.types.Model,
    "vector_store": openai.types.VectorStore,
    "vector_store.deleted": openai.types.VectorStoreDeleted,
    "vector_store.file": openai.types.vector_stores.VectorStoreFile,
    "vector_store.file.deleted": openai.types.vector_stores.VectorStoreFileDeleted,
    "vector_store.file_batch": openai.types.vector_stores.VectorStoreFileBatch,
}

# Where the real service does not keep to the SDK's types, as recorded: the place, and what the types say of it.
DEPARTURES: dict[str, set[tuple[str, str]]] = {
    "thread.message": {("status", "missing")},  # REST messages have none
    "thread.run": {
        ("instructions", "string_type"),  # null when the assistant has none
        ("incomplete_details", "literal_error"),  # Azure's content_filter [REP]
    },
    "vector_store": {("name", "string_type")},  # null when none was given
    "vector_store.file_batch": {("object", "literal_error")},  # the types say vector_store.files_batch
}


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(TYPES[kind])


def check(value: Any) -> None:
    """Assert that a JSON value, or each item of a list, is what the SDK says it is."""
    if not isinstance(value, dict):
        return
    kind = value.get("object")
    if kind == "list":
        for item in value["data"]:
            check(item)
    elif kind in TYPES and not (kind in ("file", "model") and value.get("deleted")):
        _check_one(value, str(kind))


def _check_one(value: dict[str, Any], kind: str) -> None:
    try:
        _adapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        known = DEPARTURES.get(kind, set())
        wrong = [entry for entry in error.errors() if (str(entry["loc"][0]), entry["type"]) not in known]
        assert not wrong, f"{kind}: {wrong}"
