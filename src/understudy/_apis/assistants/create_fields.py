"""The fields of create requests as keyword arguments.

For completion and type checkers; `bodies` checks the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

Role = Literal["user", "assistant"]
Content = str | Sequence[Mapping[str, Any]]


class AssistantFields(TypedDict, total=False):
    """The optional fields of a new assistant: all but its model."""

    name: str | None
    description: str | None
    instructions: str | None
    tools: Sequence[Mapping[str, Any]]
    tool_resources: Mapping[str, Any] | None
    temperature: float | None
    top_p: float | None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None
    response_format: str | Mapping[str, Any] | None
    metadata: Mapping[str, str] | None


class ThreadFields(TypedDict, total=False):
    """The fields of a new thread, without its messages."""

    tool_resources: Mapping[str, Any] | None
    metadata: Mapping[str, str] | None


class VectorStoreFields(TypedDict, total=False):
    """The fields of a new vector store, without its files."""

    name: str | None
    description: str | None
    expires_after: Mapping[str, Any] | None
    chunking_strategy: Mapping[str, Any] | None
    metadata: Mapping[str, str] | None
