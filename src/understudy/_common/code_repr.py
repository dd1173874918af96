"""Values whose repr is code: it can be pasted into a test and gives an equal value."""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from typing import Any


class CodeRepr:
    """Base of frozen dataclasses: a repr that shows what was given and leaves out what was not."""

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
    """Return a dataclass field that is given without its name, and always shown."""
    return field(metadata={"first": True}, **more)
