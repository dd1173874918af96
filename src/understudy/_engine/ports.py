"""What a move that is planned finds around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from understudy._engine.moves.base import Tool


class SearchHit(NamedTuple):
    """A passage that a file search found, and the file it is in."""

    file_id: str
    file_name: str
    score: float
    text: str
    attributes: tuple[tuple[str, Any], ...] = ()


class EnginePorts(Protocol):
    """What planning asks of the service: ids, files, search."""

    def new_id(self, kind: str, parent: str = "", at: float | None = None) -> str:
        """Give a new id."""
        ...

    def file_name(self, file_id: str) -> str | None:
        """Give the name of a file that exists, else None."""
        ...

    def add_image(self, data: bytes, at: float) -> str:
        """Keep an image that the model makes; give the file's id."""
        ...

    def search(self, tool: Tool, query: str) -> tuple[SearchHit, ...]:
        """Search the vector stores of a tool."""
        ...


class Surroundings(NamedTuple):
    """What a call is made with.

    Attributes:
        ports: the service.
        tools: what the execution may use.
        at: when the call's step begins.
        last_user_text: what a search without a query looks for.
    """

    ports: EnginePorts
    tools: Sequence[Tool]
    at: float
    last_user_text: str


def image_id(ports: EnginePorts, image: str | bytes, at: float) -> str:
    """Give the file id of an image given by its id or its bytes."""
    return image if isinstance(image, str) else ports.add_image(image, at)
