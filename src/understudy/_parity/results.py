"""What an app returned or raised, and whether two results mean the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from understudy._transcript.normal_forms import without_markers

_IDS = re.compile(
    r"\b(?:(?:asst|thread|run|msg|step|call|rs|vs|vsfb|vsfb_ibj|upload|req|resp|conv|fc|fs|ci|cntr|cfile|item)_|file-)"
    r"(?=\w*\d)\w{8,}"
)
_ID = "<id>"


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that an app ended with: a result like any other."""

    error: BaseException

    def __repr__(self) -> str:
        name = type(self.error).__name__
        return f"raised {name}: {self.error}" if str(self.error) else f"raised {name}"


def meaning(value: Any, *, keeps_markers: bool = True) -> Any:
    """Return a result in the form in which results are compared.

    Ids of objects are the service's and do not count; an exception is its type and text.

    Args:
        keeps_markers: whether citation markers in texts count.
    """
    if isinstance(value, Raised):
        return _of_error(value.error, keeps_markers)
    if isinstance(value, str):
        return _IDS.sub(_ID, value if keeps_markers else without_markers(value))
    if isinstance(value, Mapping):
        return {meaning(key): meaning(item, keeps_markers=keeps_markers) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(meaning(item, keeps_markers=keeps_markers) for item in value)]
    if is_dataclass(value) and not isinstance(value, type):
        values = {one.name: meaning(getattr(value, one.name), keeps_markers=keeps_markers) for one in fields(value)}
        return [type(value).__qualname__, values]
    if callable(getattr(value, "model_dump", None)):  # a pydantic model, such as the SDK's objects
        return [type(value).__qualname__, meaning(value.model_dump(), keeps_markers=keeps_markers)]
    return value


def _of_error(error: BaseException, keeps_markers: bool) -> Any:
    """Return an exception in the form in which results are compared.

    Two services word the same refusal differently: of an SDK's exception only type and status
    count.
    """
    name = type(error).__qualname__
    status = getattr(error, "status_code", None)
    if type(error).__module__.partition(".")[0] == "openai":
        return ["raised", name, status]
    return ["raised", name, meaning(str(error), keeps_markers=keeps_markers)]
