"""The fields of create requests as keyword arguments, for completion and type checkers; `bodies` checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

Role = Literal["user", "assistant"]
Content = str | Sequence[Mapping[str, Any]]


class AssistantFields(TypedDict, total=False):
    """What an assistant can be created with, besides its model."""

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
    """What a thread can be created with, besides its messages."""

    tool_resources: Mapping[str, Any] | None
    metadata: Mapping[str, str] | None


class VectorStoreFields(TypedDict, total=False):
    """What a vector store can be created with, besides its files."""

    name: str | None
    description: str | None
    expires_after: Mapping[str, Any] | None
    chunking_strategy: Mapping[str, Any] | None
    metadata: Mapping[str, str] | None
