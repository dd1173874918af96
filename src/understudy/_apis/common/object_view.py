"""What the service holds, as a test looks at it: the REST view with attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ObjectView:
    """A read-only look at an object, as REST shows it: `held.status`, `held["status"]`, `held.to_dict()`.

    Equal to another with the same content, and to the plain dict. A message also has `text`: its texts, joined.
    """

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_data", data)

    def __getattr__(self, name: str) -> Any:
        if name in self._data:
            return _look(self._data[name])
        if name == "text" and self._data.get("object") == "thread.message":
            parts = self._data["content"]
            return "".join(part["text"]["value"] for part in parts if part["type"] == "text")
        raise AttributeError(f"{self._data.get('object', 'object')} has no {name!r}; it has {', '.join(self._data)}")

    def __getitem__(self, name: str) -> Any:
        return _look(self._data[name])

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("what the service holds is changed by requests, not here")

    def to_dict(self) -> dict[str, Any]:
        """The plain JSON value."""
        return dict(self._data)

    def __eq__(self, other: object) -> bool:
        return bool(self._data == (other._data if isinstance(other, ObjectView) else other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._data.get('object', 'object')} {dict(self._data)!r}>"


def _look(value: Any) -> Any:
    if isinstance(value, dict) and value:
        return ObjectView(value)
    if isinstance(value, list):
        return [_look(item) for item in value]
    return value
