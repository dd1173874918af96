"""Assistants, threads, messages and runs, as tests see them.

With the attributes that completion and type checkers know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from understudy._apis.common.object_view import ObjectView


class AssistantView(ObjectView):
    """An assistant, as REST shows it. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        created_at: int
        name: str | None
        description: str | None
        model: str
        instructions: str | None
        tools: list[Any]
        top_p: float | None
        temperature: float | None
        reasoning_effort: str | None
        tool_resources: Any
        metadata: Any
        response_format: Any


class ThreadView(ObjectView):
    """A thread, as REST shows it. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        created_at: int
        metadata: Any
        tool_resources: Any


class MessageView(ObjectView):
    """A message, as REST shows it, and `text`. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        created_at: int
        assistant_id: str | None
        thread_id: str
        run_id: str | None
        role: str
        content: list[Any]
        attachments: list[Any]
        metadata: Any

    @property
    def text(self) -> str:
        """The texts of the message, joined."""
        return "".join(part["text"]["value"] for part in self._data["content"] if part["type"] == "text")


class RunView(ObjectView):
    """A run, as REST shows it. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        created_at: int
        assistant_id: str
        thread_id: str
        status: str
        started_at: int | None
        expires_at: int | None
        cancelled_at: int | None
        failed_at: int | None
        completed_at: int | None
        required_action: Any
        last_error: Any
        model: str
        instructions: str | None
        tools: list[Any]
        tool_resources: Any
        metadata: Any
        temperature: float | None
        top_p: float | None
        reasoning_effort: str | None
        max_completion_tokens: int | None
        max_prompt_tokens: int | None
        truncation_strategy: Any
        incomplete_details: Any
        usage: Any
        response_format: Any
        tool_choice: Any
        parallel_tool_calls: bool
