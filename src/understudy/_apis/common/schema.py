"""What a body or a query may hold, as values that check it. A value that does not fit is refused in the service's words.

A checker is called with the value and its path (`thread.messages[0].content`); it gives the value back or raises
`ApiError`. The first thing wrong is the one that is told, in the order: unknown keys, missing keys, then key by key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from understudy._engine.api_error import ApiError

Check = Callable[[Any, str], Any]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\"<>\\^`{|}]+\Z")

_ARTICLES = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def type_name(value: Any) -> str:
    """How the service calls a value's type; it says `an integer` and `a decimal`. [REP]"""
    return _ARTICLES.get(type(value), "an object")


def _wrong_type(value: Any, path: str, expected: str) -> ApiError:
    return ApiError("type", path=path, expected=expected, got=type_name(value))


def string(*, most: int | None = None, least: int = 0) -> Check:
    def check(value: Any, path: str) -> Any:
        if type(value) is not str:
            raise _wrong_type(value, path, "a string")
        if most is not None and len(value) > most:
            raise ApiError("string.long", path=path, most=most, length=len(value))
        if len(value) < least:
            raise ApiError("string.short", path=path, least=least, length=len(value))
        return value

    return check


def id_of(prefix: str) -> Check:
    """An id that begins with a prefix."""

    def check(value: Any, path: str) -> Any:
        if type(value) is not str:
            raise _wrong_type(value, path, "a string")
        if not value.startswith(prefix):
            raise ApiError("id", path=path, value=value, prefix=prefix)
        return value

    return check


def enum(*allowed: str) -> Check:
    def check(value: Any, path: str) -> Any:
        if type(value) is not str:
            raise _wrong_type(value, path, _one_of(allowed) if len(allowed) == 1 else "a string")
        if value not in allowed:
            raise ApiError("enum", path=path, value=f"'{value}'", allowed=_one_of(allowed))
        return value

    return check


def _one_of(allowed: tuple[str, ...]) -> str:
    quoted = [f"'{value}'" for value in allowed]
    if len(quoted) < 3:
        return " and ".join(quoted)
    return f"{', '.join(quoted[:-1])}, and {quoted[-1]}"


def url(value: Any, path: str) -> Any:
    """An absolute URL, of whatever scheme (`data:` too)."""
    if type(value) is not str:
        raise _wrong_type(value, path, "a string")
    if _URL.match(value) is None:
        raise ApiError("url", path=path)
    return value


def boolean(value: Any, path: str) -> Any:
    if type(value) is not bool:
        raise _wrong_type(value, path, "a boolean")
    return value


def anything(value: Any, path: str) -> Any:
    return value


def integer(least: int | None = None, most: int | None = None) -> Check:
    return _number((int,), "an integer", "integer", least, most)


def decimal(least: float | None = None, most: float | None = None) -> Check:
    return _number((int, float), "a decimal", "decimal", least, most)


def _number(types: tuple[type, ...], expected: str, kind: str, least: float | None, most: float | None) -> Check:
    def check(value: Any, path: str) -> Any:
        if type(value) not in types:
            raise _wrong_type(value, path, expected)
        if most is not None and not value <= most:  # "not": NaN is refused as well
            raise ApiError("number.large", path=path, kind=kind, most=most, value=value)
        if least is not None and value < least:
            raise ApiError("number.small", path=path, kind=kind, least=least, value=value)
        return value

    return check


def array(item: Check, *, of: str = "", most: int | None = None, least: int = 0) -> Check:
    """A list. `of`: the items' plural, for the text of a wrong type."""
    expected = f"an array of {of}" if of else "an array"

    def check(value: Any, path: str) -> Any:
        if type(value) is not list:
            raise _wrong_type(value, path, expected)
        if most is not None and len(value) > most:
            raise ApiError("array.long", path=path, most=most, length=len(value))
        if len(value) < least:
            raise ApiError("array.short", path=path, least=least, length=len(value))
        return [item(entry, f"{path}[{position}]") for position, entry in enumerate(value)]

    return check


def nullable(inner: Check) -> Check:
    def check(value: Any, path: str) -> Any:
        return None if value is None else inner(value, path)

    return check


def either(*options: tuple[type, Check], expected: str) -> Check:
    """The check that belongs to the value's JSON type."""
    by_type = dict(options)

    def check(value: Any, path: str) -> Any:
        option = by_type.get(type(value))
        if option is None:
            raise _wrong_type(value, path, expected)
        return option(value, path)

    return check


def tagged(key: str, options: Mapping[str, Check]) -> Check:
    """An object whose `key` says which check applies."""
    allowed = tuple(options)

    def check(value: Any, path: str) -> Any:
        if type(value) is not dict:
            raise _wrong_type(value, path, "an object")
        if key not in value:
            raise ApiError("missing", path=join(path, key))
        tag = enum(*allowed)(value[key], join(path, key))
        return options[tag](value, path)

    return check


def _pairs(entry: Check) -> Check:
    """At most 16 pairs; keys up to 64 characters. [SPEC, texts REC and REP]"""

    def check(value: Any, path: str) -> Any:
        if type(value) is not dict:
            raise _wrong_type(value, path, "an object")
        if len(value) > 16:
            raise ApiError("object.large", path=path, most=16, length=len(value))
        for key, held in value.items():
            if len(key) > 64:
                raise ApiError("string.long", path=path, most=64, length=len(key))
            entry(held, join(path, key))
        return value

    return nullable(check)


_METADATA_VALUE = string(most=512)
_ATTRIBUTE = either(
    (str, _METADATA_VALUE),
    (int, anything),
    (float, anything),
    (bool, anything),
    expected="a string, a number or a boolean",
)
metadata = _pairs(_METADATA_VALUE)
# Of a file in a vector store: as metadata, but values may be numbers and booleans too. [SPEC]
attributes = _pairs(_ATTRIBUTE)


class Fields:
    """An object of known keys. A body, if it is the outermost.

    Args:
        known: key to check.
        required: the keys that must be there.
    """

    def __init__(self, known: Mapping[str, Check], required: tuple[str, ...] = ()) -> None:
        self.known = dict(known)
        self.required = required

    def __call__(self, value: Any, path: str = "") -> Any:
        if type(value) is not dict:
            raise _wrong_type(value, path, "an object")
        known = self.known
        for key in value:
            if key not in known:
                raise ApiError("unknown", path=join(path, key))
        for key in self.required:
            if key not in value:
                raise ApiError("missing", path=join(path, key))
        return {key: known[key](entry, join(path, key)) for key, entry in value.items()}


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
