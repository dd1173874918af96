"""Objects of the service as tests see them: the REST view, with attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any


class ObjectView:
    """A read-only view of an object, as REST shows it.

    Read it by attribute (`view.status`) or key (`view["status"]`), or copy it with `view.to_dict()`.
    Equal to another with the same content, and to the plain dict. A message also has `text`: its texts, joined.
    """

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_data", data)

    if TYPE_CHECKING:  # `__getattr__` is not shown to checkers, which would let every name pass
        _data: Mapping[str, Any]
    else:

        def __getattr__(self, name: str) -> Any:
            if name in self._data:
                return _look(self._data[name])
            raise AttributeError(f"{self._data.get('object', 'object')} has no {name!r}; it has {', '.join(self._data)}")

        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(f"this view is read-only: {name!r} was not set; send a request to change the object")

    def __getitem__(self, name: str) -> Any:
        return _look(self._data[name])

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._data]

    def to_dict(self) -> dict[str, Any]:
        """Return the plain JSON value."""
        return dict(self._data)

    def __reduce__(self) -> tuple[type[ObjectView], tuple[dict[str, Any]]]:
        """Return how `copy` and `pickle` make another, whose data they could not set."""
        return type(self), (self.to_dict(),)

    def __eq__(self, other: object) -> bool:
        return bool(self._data == (other._data if isinstance(other, ObjectView) else other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._data.get('object', 'object')} {dict(self._data)!r}>"


class FileView(ObjectView):
    """A file, as REST shows it. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        purpose: str
        filename: str
        bytes: int
        created_at: int
        expires_at: int | None
        status: str
        status_details: str | None


class VectorStoreView(ObjectView):
    """A vector store, as REST shows it. Times are unix seconds."""

    __slots__ = ()

    if TYPE_CHECKING:
        id: str
        object: str
        created_at: int
        name: str | None
        description: str | None
        usage_bytes: int
        file_counts: Any
        status: str
        expires_after: Any
        expires_at: int | None
        last_active_at: int | None
        metadata: Any


def _look(value: Any) -> Any:
    if isinstance(value, dict) and value:
        return ObjectView(value)
    if isinstance(value, list):
        return [_look(item) for item in value]
    return value
