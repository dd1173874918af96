"""What planning a run asks of the service around it."""

from __future__ import annotations

from typing import Protocol

from understudy._engine.objects import Run, SearchHit


class EnginePorts(Protocol):
    """What planning needs of the world: ids, files, search."""

    def new_id(self, kind: str, parent: str, at: float) -> str: ...

    def file_name(self, file_id: str) -> str | None:
        """The name of a file that exists, else None."""

    def add_image(self, data: bytes, at: float) -> str:
        """Store an image the model made; gives the file's id."""

    def search(self, run: Run, query: str) -> tuple[SearchHit, ...]:
        """Search the vector stores that the run sees."""


def image_id(stage: EnginePorts, image: str | bytes, at: float) -> str:
    """The file id of an image given by its id or its bytes."""
    return image if isinstance(image, str) else stage.add_image(image, at)
