"""Checks of every request: its key and its query."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from understudy._apis.common.operation_call import Operation
from understudy._apis.dialect import API_VERSION
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError


@lru_cache(maxsize=32)
def check_key(authorization: str | None, api_key: str | None) -> None:
    """Refuse a request whose headers, given by value, have no key.

    Any key is accepted: a bearer token, or Azure's `api-key` [REP]. Cached, because a client always sends the same.
    """
    kind, _, key = (authorization or "").partition(" ")
    if not (kind.lower() in ("bearer", "basic") and key.strip()) and not (api_key or "").strip():
        raise ApiError("auth.missing")


def checked_query(operation: Operation, request: Request) -> dict[str, Any]:
    """Return the checked query; refuse parameters that the operation lacks."""
    query: dict[str, Any] = {}
    for name, text in request.query:
        if name == API_VERSION:
            continue
        if name not in operation.query:
            raise ApiError("unknown", path=name)
        if name.endswith("[]"):
            query.setdefault(name, []).append(text)
        else:
            query[name] = _number(text) if name == "limit" else text
    return {name: operation.query[name](value, name) for name, value in query.items()}


def _number(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else text
