"""Values whose repr is code that makes an equal value."""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import Any


class CodeRepr:
    """Base of frozen dataclasses whose repr leaves out fields with their default."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = []
        for spec in fields(self):  # type: ignore[arg-type]
            value = getattr(self, spec.name)
            if spec.metadata.get("first"):
                shown.append(repr(value))
            elif spec.default is MISSING or value != spec.default:
                shown.append(f"{spec.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"


def first(**more: Any) -> Any:
    """Return a positional dataclass field, which the repr always shows."""
    return field(metadata={"first": True}, **more)
