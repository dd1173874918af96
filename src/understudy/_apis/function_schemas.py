"""Checks of the JSON schemas in functions and response formats.

The sentences were quoted for functions of assistants (the type of the whole) and for chat completions (the rest). [REP]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy._engine.api_error import ApiError

Json = dict[str, Any]

# Keywords of a schema that hold schemas: one, a list of them, or a map of them.
_ONE = ("items", "additionalProperties", "not")
_LISTS = ("anyOf", "allOf", "oneOf")
_MAPS = ("properties", "$defs", "definitions")


def check_parameters(function: Json, path: str, *, required_first: bool = False) -> None:
    """Refuse a function whose parameters are not the schema of an object [REP].

    No parameters, or empty ones, are accepted.

    Args:
        function: The function, as sent.
        path: Its place in the body.
        required_first: Name `required`, not `additionalProperties`, of a strict schema that lacks both [INF].
    """
    schema = function.get("parameters")
    if schema:
        _check("schema.function", schema, function, f"{path}.parameters", required_first=required_first)


def check_response_schema(given: Json, path: str) -> None:
    """Refuse a response format whose schema is not of an object [INF].

    As for functions.
    """
    if given.get("schema"):
        _check("schema.response_format", given["schema"], given, f"{path}.schema")


def _check(refusal: str, schema: Json, named: Json, path: str, *, required_first: bool = False) -> None:
    what = _wrong(schema, is_strict=bool(named.get("strict")), required_first=required_first)
    if what:
        raise ApiError(refusal, path=path, schema_of=named["name"], what=what)


def _wrong(schema: Json, *, is_strict: bool, required_first: bool) -> str:
    """Return the first error in a schema, in the words of the service, or ""."""
    kind = schema.get("type")
    if kind != "object":
        return f"""schema must be a JSON Schema of 'type: "object"', got 'type: "{kind}"'."""
    for context, part in _schemas((), schema):
        if part.get("type") == "array" and "items" not in part and "prefixItems" not in part:
            return f"In context={context!r}, array schema missing items."
        if is_strict and part.get("type") == "object" and (problem := _not_strict(part, required_first)):
            return f"In context={context!r}, {problem}"
    return ""


def _not_strict(schema: Json, required_first: bool) -> str:
    """Return the reason why an object's schema is not strict, or ""."""
    problems = [_is_open(schema), _leaves_out(schema)]
    return next(filter(None, reversed(problems) if required_first else problems), "")


def _is_open(schema: Json) -> str:
    if schema.get("additionalProperties") is False:
        return ""
    return "'additionalProperties' is required to be supplied and to be false."


def _leaves_out(schema: Json) -> str:
    required = schema.get("required")
    listed = required if isinstance(required, list) else []
    properties = schema.get("properties")
    left = [name for name in properties if name not in listed] if isinstance(properties, dict) else []
    if not left:
        return ""
    return (
        f"'required' is required to be supplied and to be an array including every key in properties. Missing '{left[0]}'."
    )


def _schemas(context: tuple[str, ...], schema: Any) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Yield a schema and all schemas in it, each with the keys that lead to it."""
    if not isinstance(schema, dict):
        return
    yield context, schema
    for key in _ONE:
        yield from _schemas((*context, key), schema.get(key))
    for key in _LISTS:
        parts = schema.get(key)
        for position, part in enumerate(parts if isinstance(parts, list) else ()):
            yield from _schemas((*context, key, str(position)), part)
    for key in _MAPS:
        parts = schema.get(key)
        for name, part in parts.items() if isinstance(parts, dict) else ():
            yield from _schemas((*context, key, name), part)
