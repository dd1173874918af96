"""What a move can use while it is planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from understudy._engine.moves.base import Tool


class SearchHit(NamedTuple):
    """A passage found by a file search, and its file."""

    file_id: str
    file_name: str
    score: float
    text: str
    attributes: tuple[tuple[str, Any], ...] = ()


class EnginePorts(Protocol):
    """The parts of the service that planning uses: ids, files, search."""

    def new_id(self, kind: str, parent: str = "", at: float | None = None) -> str:
        """Return a new id."""
        ...

    def file_name(self, file_id: str) -> str | None:
        """Return a file's name, or None if it does not exist."""
        ...

    def add_image(self, data: bytes, at: float) -> str:
        """Store an image that the model makes; return the file's id."""
        ...

    def search(self, tool: Tool, query: str) -> tuple[SearchHit, ...]:
        """Search the vector stores of a tool."""
        ...


class Surroundings(NamedTuple):
    """The context in which a call is made.

    Attributes:
        ports: the service.
        tools: those that the execution may use.
        at: when the call's step begins, in unix seconds.
        last_user_text: the default query of a search.
    """

    ports: EnginePorts
    tools: Sequence[Tool]
    at: float
    last_user_text: str


def image_id(ports: EnginePorts, image: str | bytes, at: float) -> str:
    """Return the file id of an image given by its id or its bytes."""
    return image if isinstance(image, str) else ports.add_image(image, at)
