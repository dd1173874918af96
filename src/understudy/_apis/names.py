"""Types with the names of operations and stream events.

For type checkers and completion. The events are those that the faces name; a test compares the operations with their
tables.
"""

from __future__ import annotations

from typing import Literal

from understudy._apis.assistants.event_names import AssistantsEventName
from understudy._apis.responses.event_names import GivenItemEventName, ResponseEventName

OperationName = Literal[
    "assistants.create",
    "assistants.list",
    "assistants.retrieve",
    "assistants.update",
    "assistants.delete",
    "threads.create",
    "threads.create_and_run",
    "threads.retrieve",
    "threads.update",
    "threads.delete",
    "messages.create",
    "messages.list",
    "messages.retrieve",
    "messages.update",
    "messages.delete",
    "runs.create",
    "runs.list",
    "runs.retrieve",
    "runs.update",
    "runs.cancel",
    "runs.submit_tool_outputs",
    "steps.list",
    "steps.retrieve",
    "files.create",
    "files.list",
    "files.retrieve",
    "files.delete",
    "files.content",
    "uploads.create",
    "uploads.parts.create",
    "uploads.complete",
    "uploads.cancel",
    "models.list",
    "models.retrieve",
    "models.delete",
    "vector_stores.create",
    "vector_stores.list",
    "vector_stores.retrieve",
    "vector_stores.update",
    "vector_stores.delete",
    "vector_stores.search",
    "vector_stores.files.create",
    "vector_stores.files.list",
    "vector_stores.files.retrieve",
    "vector_stores.files.update",
    "vector_stores.files.delete",
    "vector_stores.files.content",
    "vector_stores.file_batches.create",
    "vector_stores.file_batches.retrieve",
    "vector_stores.file_batches.cancel",
    "vector_stores.file_batches.list_files",
    "responses.create",
    "responses.retrieve",
    "responses.delete",
    "responses.cancel",
    "responses.compact",
    "responses.input_items.list",
    "responses.input_tokens.count",
    "conversations.create",
    "conversations.retrieve",
    "conversations.update",
    "conversations.delete",
    "conversations.items.create",
    "conversations.items.list",
    "conversations.items.retrieve",
    "conversations.items.delete",
]

EventName = Literal[AssistantsEventName, ResponseEventName, GivenItemEventName]
