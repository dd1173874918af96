"""Checks of URLs in bodies."""

from __future__ import annotations

import re
from typing import Any

from understudy._apis.common.schema import wrong_type
from understudy._engine.api_error import ApiError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\"<>\\^`{|}]+\Z")
_WEB = ("http://", "https://")


def url(value: Any, path: str) -> Any:
    """Check for a URL on the web; one that is the data is refused [REP]."""
    return _url(value, path, _WEB)


def url_or_data(value: Any, path: str) -> Any:
    """Check for a URL on the web, or one that is the data itself [REP]."""
    return _url(value, path, (*_WEB, "data:"))


def _url(value: Any, path: str, schemes: tuple[str, ...]) -> Any:
    if type(value) is not str:
        raise wrong_type(value, path, "a string")
    if not value[:8].lower().startswith(schemes) or _URL.match(value) is None:
        raise ApiError("url", path=path)
    return value
