"""Checks of every request: its key, its query and its body."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any

from understudy._apis.common.forms import Form
from understudy._apis.common.operation_call import Operation
from understudy._apis.common.schema import Fields
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


def checked_body(check: Fields | Form, request: Request) -> dict[str, Any]:
    """Return the checked body; refuse invalid JSON and unknown fields."""
    if isinstance(check, Form):
        return check.read(request)
    content_type = request.header("content-type")
    if content_type and "json" not in content_type.lower() and request.body:
        raise ApiError("content_type", got=content_type)
    try:
        text = request.body.decode("utf-8")  # strict: json.loads would accept encoded halves of surrogate pairs
        body = _strict.decode(text) if text.strip() else {}
    except (ValueError, RecursionError):
        raise ApiError("body.not_json") from None
    if b"\\ud" in request.body or b"\\uD" in request.body:
        _check_surrogates(body)
    checked: dict[str, Any] = check(body)
    return checked


def _check_surrogates(body: Any) -> None:
    """Refuse half of a surrogate pair: not a character, and not encodable [INF]."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ApiError("body.not_json") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999 is valid JSON, but a float cannot represent it
        raise ValueError(text)
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_strict = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
