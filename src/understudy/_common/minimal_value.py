"""The smallest value that fits a JSON schema, for the schemas that functions use.

Known: `type` (a list of types takes its first), `const`, `enum`, `properties` with `required`, `items` with `minItems`,
`minLength`, `minimum`, `exclusiveMinimum`, `maximum`, `exclusiveMaximum`, `multipleOf` of integers, `anyOf` and `oneOf` (the
first), `allOf` of objects, and `$ref` into the schema itself. Everything else is ignored,
including `pattern` and `format`: real models do not always respect them, either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]


def minimal_value(schema: Schema | bool, root: Schema | None = None) -> Any:
    """Return a smallest value that fits a schema.

    That is `{}` for an object without required properties, `""`, `0`, `[]`, `False` or None.

    Args:
        schema: a JSON schema; an empty one, as of a function without parameters, means an object.
        root: the schema that `$ref` refers to; by default the schema itself.
    """
    if isinstance(schema, bool) or not schema:
        return {}
    root = schema if root is None else root
    schema = resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if schema.get(choice):
            return minimal_value(schema[choice][0], root)
    of_type = _OF_TYPE.get(type_of(schema))
    return of_type(schema, root) if of_type else None


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return a schema with its `$ref` followed and its `allOf` merged.

    Raises:
        ValueError: a `$ref` that leads nowhere, out of the schema, or in a circle.
    """
    seen = []
    while "$ref" in schema:
        reference = schema["$ref"]
        seen.append(reference)
        if seen.count(reference) > 1 or not reference.startswith("#"):
            raise ValueError(f"$ref {reference!r} does not lead to a part of the schema")
        target: Any = root
        for key in reference.removeprefix("#").strip("/").split("/"):
            target = target.get(key) if isinstance(target, Mapping) and key else target
            if target is None:
                raise ValueError(f"$ref {reference!r} leads nowhere")
        schema = target
    for part in schema.get("allOf", ()):
        part = resolved(part, root)
        schema = {
            **part,
            **schema,
            "properties": {**part.get("properties", {}), **schema.get("properties", {})},
            "required": [*part.get("required", ()), *schema.get("required", ())],
        }
    return schema


def type_of(schema: Schema) -> str:
    """Return the type of a schema: its first, or else the one its keywords imply."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind is not None:
        return str(kind)
    if "items" in schema:
        return "array"
    return "object" if "properties" in schema or not schema.keys() - {"description", "title", "allOf"} else "null"


def number_bounds(schema: Schema) -> tuple[float | None, bool, float | None, bool]:
    """Return a schema's lower bound and whether it is exclusive, then the upper.

    A bound is None if the schema sets none.
    """
    least, is_above = _bound(schema.get("minimum"), schema.get("exclusiveMinimum"), max)
    most, is_below = _bound(schema.get("maximum"), schema.get("exclusiveMaximum"), min)
    return least, is_above, most, is_below


def _bound(bound: Any, exclusive: Any, stricter: Callable[[Any, Any], Any]) -> tuple[float | None, bool]:
    if exclusive is None or isinstance(exclusive, bool):  # draft 4: a flag of the other keyword
        return bound, exclusive is True
    is_stricter = bound is None or stricter(bound, exclusive) == exclusive
    return (exclusive, True) if is_stricter else (bound, False)


def integer_bounds(schema: Schema) -> tuple[int | None, int | None]:
    """Return the least and greatest integers that a schema allows, None if unbounded."""
    low, is_above, high, is_below = number_bounds(schema)
    least = None if low is None else math.floor(low) + 1 if is_above else math.ceil(low)
    most = None if high is None else math.ceil(high) - 1 if is_below else math.floor(high)
    return least, most


def _object(schema: Schema, root: Schema) -> Any:
    properties = schema.get("properties", {})
    return {name: minimal_value(properties.get(name, {"type": "null"}), root) for name in schema.get("required", ())}


def _array(schema: Schema, root: Schema) -> Any:
    return [minimal_value(schema.get("items", {"type": "null"}), root)] * schema.get("minItems", 0)


def _string(schema: Schema, root: Schema) -> Any:  # noqa: ARG001 - one signature for all types
    return "a" * schema.get("minLength", 0)


def _integer(schema: Schema, root: Schema) -> Any:  # noqa: ARG001
    least, most = integer_bounds(schema)
    step = schema.get("multipleOf", 1)
    value = 0
    if least is not None and least > 0:
        value = math.ceil(least / step) * step
    if most is not None and most < 0:
        value = math.floor(most / step) * step
    return value


def _number(schema: Schema, root: Schema) -> Any:  # noqa: ARG001
    least, is_above, most, is_below = number_bounds(schema)
    if least is not None and (least > 0 or (least == 0 and is_above)):
        return least + 1 if most is None else (least + most) / 2
    if most is not None and (most < 0 or (most == 0 and is_below)):
        return most - 1 if least is None else (least + most) / 2
    return 0


_OF_TYPE: dict[str, Callable[[Schema, Schema], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda schema, root: False,  # noqa: ARG005
}
