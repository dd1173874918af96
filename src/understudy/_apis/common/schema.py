"""Checks of bodies and query parameters, as values.

A check is called with a value and its path (`thread.messages[0].content`); it returns the value or raises
`ApiError`, in the service's words. Only the first error is reported, in this order: missing keys, unknown keys, then key by
key, then the rules between keys. A null means what it means in every body of the API: not given.

The `bounds()` of a check are its limits as rows of a table: what must hold, the refusal otherwise, and the evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from understudy._apis.common.bounds import Bound, Rule
from understudy._apis.common.word_lists import any_of, listed_or, near_names, one_of
from understudy._common.messages import Request
from understudy._engine.api_error import ApiError

Check = Callable[[Any, str], Any]

_ALIKE = 0.7  # similarity from which an unknown key counts as a misspelled required one, from 0 to 1 [INF]

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
    """Return the service's name for the type of a value [REP].

    For example `an integer` or `a decimal`.
    """
    return _ARTICLES.get(type(value), "an object")


def wrong_type(value: Any, path: str, expected: str) -> ApiError:
    """Return the refusal of a value of another type than was expected."""
    return ApiError("type", path=path, expected=expected, got=type_name(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class String:
    """A string.

    `pattern`: must match all of it.
    """

    most: int | None = None
    least: int = 0
    pattern: str | None = None
    mark: str = "SPEC"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not str:
            raise wrong_type(value, path, "a string")
        if self.most is not None and len(value) > self.most:
            raise ApiError("string.long", path=path, most=self.most, length=len(value))
        if not value and self.least:
            raise ApiError("string.empty", path=path)
        if self.pattern is not None and not re.search(self.pattern.replace("$", r"\Z"), value):
            raise ApiError("string.pattern", path=path, pattern=self.pattern)
        return value

    def bounds(self) -> list[Bound]:
        return [
            *([Bound("most characters", self.most, "string.long", self.mark)] if self.most is not None else []),
            *([Bound("not empty", 1, "string.empty", self.mark)] if self.least else []),
            *([Bound("pattern", self.pattern, "string.pattern", self.mark)] if self.pattern is not None else []),
        ]


string = String


@dataclass(frozen=True, slots=True)
class Id:
    """An id that begins with a prefix.

    `also`: another prefix that is accepted.
    """

    prefix: str
    also: str = ""
    mark: str = "REP"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not str:
            raise wrong_type(value, path, "a string")
        if not value.startswith(self.prefix) and not (self.also and value.startswith(self.also)):
            raise ApiError("id", path=path, value=value, prefix=self.prefix)
        return value

    def bounds(self) -> list[Bound]:
        return [Bound("prefix", self.prefix, "id", self.mark)]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    allowed: tuple[str, ...]
    mark: str = "SPEC"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not str:
            raise wrong_type(value, path, any_of(self.allowed))
        if value not in self.allowed:
            raise ApiError("enum", path=path, value=f"'{value}'", allowed=one_of(self.allowed))
        return value

    def bounds(self) -> list[Bound]:
        return [Bound("one of", self.allowed, "enum", self.mark)]


def enum(*allowed: str, mark: str = "SPEC") -> Choice:
    """Return a check for one of these words."""
    return Choice(allowed, mark)


def boolean(value: Any, path: str) -> Any:
    if type(value) is not bool:
        raise wrong_type(value, path, "a boolean")
    return value


def anything(value: Any, path: str) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number; `kind` is `integer` or `decimal`."""

    kind: str
    least: float | None = None
    most: float | None = None
    mark: str = "SPEC"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not int and not (type(value) is float and self.kind == "decimal"):
            raise wrong_type(value, path, f"an {self.kind}" if self.kind == "integer" else f"a {self.kind}")
        if self.most is not None and not value <= self.most:  # "not": NaN is refused as well
            raise ApiError("number.large", path=path, kind=self.kind, most=self.most, value=value)
        if self.least is not None and value < self.least:
            raise ApiError("number.small", path=path, kind=self.kind, least=self.least, value=value)
        return value

    def bounds(self) -> list[Bound]:
        return [
            *([Bound("least", self.least, "number.small", self.mark)] if self.least is not None else []),
            *([Bound("most", self.most, "number.large", self.mark)] if self.most is not None else []),
        ]


def integer(least: int | None = None, most: int | None = None, *, mark: str = "SPEC") -> Number:
    """Return a check for an integer; booleans are not integers."""
    return Number("integer", least, most, mark)


def decimal(least: float | None = None, most: float | None = None, *, mark: str = "SPEC") -> Number:
    """Return a check for a number, integer or decimal."""
    return Number("decimal", least, most, mark)


@dataclass(frozen=True, slots=True)
class Array:
    """A list.

    `of`: the plural of its items, for the text of a wrong type.
    """

    item: Check
    of: str = ""
    most: int | None = None
    least: int = 0
    mark: str = "SPEC"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not list:
            raise wrong_type(value, path, f"an array of {self.of}" if self.of else "an array")
        if self.most is not None and len(value) > self.most:
            raise ApiError("array.long", path=path, most=self.most, length=len(value))
        if not value and self.least:
            raise ApiError("array.empty", path=path)
        return [self.item(entry, f"{path}[{position}]") for position, entry in enumerate(value)]

    def bounds(self) -> list[Bound]:
        return [
            *([Bound("most items", self.most, "array.long", self.mark)] if self.most is not None else []),
            *([Bound("not empty", 1, "array.empty", self.mark)] if self.least else []),
        ]


def array(item: Check, *, of: str = "", most: int | None = None, least: int = 0, mark: str = "SPEC") -> Array:
    """Return a check for a list of items.

    `least` is 0, or 1 if the list cannot be empty.
    """
    return Array(item, of, most, least, mark)


class Either:
    """The check for the JSON type of the value."""

    def __init__(self, *options: tuple[type, Check], expected: str) -> None:
        self.options = dict(options)
        self.expected = expected

    def __call__(self, value: Any, path: str) -> Any:
        option = self.options.get(type(value))
        if option is None:
            raise wrong_type(value, path, self.expected)
        return option(value, path)


either = Either


class Tagged:
    """An object in which the value of `key` selects the check.

    `blames_object`: the refusal of an unknown value names the object, and a missing one is the empty word.
    """

    def __init__(
        self, key: str, options: Mapping[str, Check], *, expected: str = "an object", blames_object: bool = False
    ) -> None:
        self.key = key
        self.options = dict(options)
        self.tag = Choice(tuple(options))
        self.expected = expected
        self.blames_object = blames_object

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not dict:
            raise wrong_type(value, path, self.expected)
        if self.blames_object:
            given = value.get(self.key)
            tag = self.tag(given if type(given) is str else "", path)
        elif self.key not in value:
            raise missing(self.key, value, path)
        else:
            tag = self.tag(value[self.key], join(path, self.key))
        return self.options[tag](value, path)


tagged = Tagged


@dataclass(frozen=True, slots=True)
class Pairs:
    """A few key-value pairs: metadata or attributes."""

    value: Check
    most: int = 16
    most_in_key: int = 64
    mark: str = "SPEC"
    expected: str = "an object"

    def __call__(self, value: Any, path: str) -> Any:
        if type(value) is not dict:
            raise wrong_type(value, path, self.expected)
        if len(value) > self.most:
            raise ApiError("object.large", path=path, most=self.most, length=len(value))
        for key, entry in value.items():
            if len(key) > self.most_in_key:
                raise ApiError("string.long", path=path, most=self.most_in_key, length=len(key))
            self.value(entry, join(path, key))
        return value

    def bounds(self) -> list[Bound]:
        return [
            Bound("most pairs", self.most, "object.large", self.mark),
            Bound("most characters in a key", self.most_in_key, "string.long", self.mark),
        ]


class Fields:
    """An object with known keys: a body, if it is the outermost.

    Args:
        known: key to check.
        required: the required keys.
        nulls: the required keys that may be null, which is then their value.
        rules: what must hold between the keys.
        mark: the evidence that the required keys are required.
        is_measured: whether keys are checked in the order of `known`, and unknown ones get a hint. [REP]
    """

    def __init__(
        self,
        known: Mapping[str, Check],
        required: tuple[str, ...] = (),
        *,
        nulls: tuple[str, ...] = (),
        rules: tuple[Rule, ...] = (),
        mark: str = "SPEC",
        is_measured: bool = False,
    ) -> None:
        self.known = dict(known)
        self.required = required
        self.nulls = nulls
        self.rules = rules
        self.mark = mark
        self.is_measured = is_measured

    def __call__(self, value: Any, path: str = "") -> Any:
        if type(value) is not dict:
            raise wrong_type(value, path, "an object")
        for key in self.required:
            if key not in value:
                raise missing(key, [given for given in value if given not in self.known], path)
        for key in value:
            if key not in self.known:
                raise self._unknown(key, value, path)
        checked = {}
        for key in [name for name in self.known if name in value] if self.is_measured else value:
            entry = value[key]
            if entry is not None:
                checked[key] = self.known[key](entry, join(path, key))
            elif key in self.required:
                checked[key] = None if key in self.nulls else self.known[key](None, join(path, key))
        for rule in self.rules:
            rule.check(checked, path)
        return checked

    def read(self, request: Request) -> dict[str, Any]:
        """Return the checked body of a request; refuse what is not a JSON object."""
        content_type = request.header("content-type")
        if content_type and "json" not in content_type.lower() and request.body:
            raise ApiError("content_type", got=content_type)
        try:
            body = request.strict_json(empty={})
        except (ValueError, RecursionError):
            raise ApiError("body.not_json") from None
        if type(body) is not dict:
            raise ApiError("body.type", got=type_name(body))
        checked: dict[str, Any] = self(body)
        return checked

    def _unknown(self, key: str, given: Mapping[str, Any], path: str) -> ApiError:
        close = near_names(key, [name for name in self.known if name not in given]) if self.is_measured else []
        if close:
            return ApiError("unknown.near", path=join(path, key), close=listed_or([f"'{name}'" for name in close]))
        return ApiError("unknown", path=join(path, key))

    def bounds(self) -> list[Bound]:
        return [Bound("required", key, "missing", self.mark) for key in self.required]


def missing(key: str, given: Any, path: str) -> ApiError:
    """Return the refusal of a missing key [REP].

    It names the key that was probably given instead, if one is similar.
    """
    close = get_close_matches(key, list(given), n=1, cutoff=_ALIKE)
    if close:
        return ApiError("missing.near", path=join(path, key), given=close[0], meant=key)
    return ApiError("missing", path=join(path, key))


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
