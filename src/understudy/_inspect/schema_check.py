"""Checks a JSON value against a JSON schema, in the subset that the spec uses.

Enough for that document, and no more: a test compares it with a full validator on every recorded
body. It saves users a dependency that only `understudy show` and `understudy check` would need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}
_BOUNDS: tuple[tuple[str, type | tuple[type, ...], Callable[[Any, Any], bool], str], ...] = (
    ("minimum", (int, float), lambda value, bound: value >= bound, "is below {bound}"),
    ("maximum", (int, float), lambda value, bound: value <= bound, "is above {bound}"),
    ("minLength", str, lambda value, bound: len(value) >= bound, "is shorter than {bound} characters"),
    ("maxLength", str, lambda value, bound: len(value) <= bound, "is longer than {bound} characters"),
    ("minItems", list, lambda value, bound: len(value) >= bound, "has fewer than {bound} items"),
    ("maxItems", list, lambda value, bound: len(value) <= bound, "has more than {bound} items"),
    ("maxProperties", dict, lambda value, bound: len(value) <= bound, "has more than {bound} keys"),
)


@dataclass(frozen=True)
class Violation:
    """Where a value breaks its schema, and how.

    Attributes:
        path: keys and list indices from the root to the value.
        problem: what is wrong, in words.
        missing: the key that the value lacks; "" for any other problem.
        is_type: the value is of another JSON type than it should be, and not null.
    """

    path: tuple[str | int, ...]
    problem: str
    missing: str = ""
    is_type: bool = False

    def __str__(self) -> str:
        where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).lstrip(".")
        return f"{where or 'the answer'}: {self.problem}"


class SchemaCheck:
    """Checks values against the schemas of one document.

    `document`: what `$ref` points into.
    """

    def __init__(self, document: Json) -> None:
        self._document = document

    def violations(self, value: Any, schema: Json, path: tuple[str | int, ...] = ()) -> Iterator[Violation]:
        """Yield everything that is wrong with a value; nothing if it follows the schema."""
        if "$ref" in schema:
            yield from self.violations(value, self._referred(schema["$ref"]), path)
        problem = _own_problem(value, schema)
        if problem:
            yield Violation(path, problem, is_type=value is not None and not _has_type(value, schema))
            return
        for name in ("allOf",):
            for part in schema.get(name, ()):
                yield from self.violations(value, part, path)
        for name in ("anyOf", "oneOf"):
            if name in schema:
                yield from self._one_of(value, schema[name], path)
        if isinstance(value, dict):
            yield from self._members(value, schema, path)
        elif isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                yield from self.violations(item, schema["items"], (*path, number))

    def _members(self, value: Json, schema: Json, path: tuple[str | int, ...]) -> Iterator[Violation]:
        for key in schema.get("required", ()):
            if key not in value:
                yield Violation(path, f"lacks {key!r}", missing=key)
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in known:
                yield from self.violations(item, known[key], (*path, key))
            elif rest is False:
                yield Violation((*path, key), "is a key that the spec does not know")
            elif isinstance(rest, dict):
                yield from self.violations(item, rest, (*path, key))
            if "propertyNames" in schema:
                yield from self.violations(key, schema["propertyNames"], (*path, key))

    def _one_of(self, value: Any, choices: list[Json], path: tuple[str | int, ...]) -> Iterator[Violation]:
        """Yield what is wrong with the value as the choice that it is most like.

        Nothing, if it follows any of them. In this document `oneOf` means no more than `anyOf`: a
        constant distinguishes its choices.
        """
        found = [list(self.violations(value, choice, path)) for choice in choices]
        yield from min(found, key=lambda each: (_is_another_kind(each, path), len(each)))

    def _referred(self, reference: str) -> Json:
        found: Any = self._document
        for key in reference.removeprefix("#/").split("/"):
            found = found[key]
        return found  # type: ignore[no-any-return]


def _is_another_kind(violations: list[Violation], path: tuple[str | int, ...]) -> bool:
    """Return True if a value is not even of a choice's kind.

    It has another type, or another constant in `type` or `object`.
    """
    own = (path, (*path, "type"), (*path, "object"))
    return any(violation.path in own and not violation.missing for violation in violations)


def _types(schema: Json) -> list[str]:
    wanted = schema.get("type", ())
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _has_type(value: Any, schema: Json) -> bool:
    """Return True if a value is of one of the JSON types that its schema names.

    Or if the schema names none.
    """
    types = _types(schema)
    return not types or any(_TYPES[name](value) for name in types)


def _own_problem(value: Any, schema: Json) -> str:
    """Return what is wrong with the value itself, not its members; "" if nothing is."""
    if not _has_type(value, schema):
        return f"is {_shown(value)}, expected {' or '.join(_types(schema))}"
    if "enum" in schema and value not in schema["enum"]:
        return f"is {_shown(value)}, expected one of {', '.join(map(_shown, schema['enum']))}"
    if "const" in schema and value != schema["const"]:
        return f"is {_shown(value)}, expected {_shown(schema['const'])}"
    for name, kind, holds, text in _BOUNDS:
        if name in schema and isinstance(value, kind) and not isinstance(value, bool) and not holds(value, schema[name]):
            return text.format(bound=schema[name])
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value) if value is not None else "null"
    return text if len(text) <= 60 else f"{text[:59]}…"
