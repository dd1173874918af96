"""Values that fit a JSON schema, drawn by hypothesis.

Over the subset of schemas that functions use.

Supported: `type` (one or several), `const`, `enum`, `anyOf`, `oneOf`, `allOf` of objects, `$ref` into the schema itself
(recursive ones too), `properties`, `required`, `items`, `minItems`, `maxItems`, `uniqueItems`, `minLength`, `maxLength`,
`pattern`, the bounds of numbers, `multipleOf` of integers. Ignored: `format`, `not`, `if`, `dependentRequired`,
`patternProperties`, `prefixItems`, `minProperties`, and that `oneOf` means exactly one. Properties that the schema
does not name are never drawn.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from understudy._common.minimal_value import Schema, integer_bounds, number_bounds, resolved, type_of

Values = st.SearchStrategy[Any]


def fitting(schema: Schema) -> Values:
    """Return a strategy of values that fit a schema; they shrink to small ones."""
    return _Fitting(schema).of(schema)


class _Fitting:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._named: dict[str, Values] = {}  # by $ref: a schema may contain itself

    def of(self, schema: Schema | bool) -> Values:
        if isinstance(schema, bool) or not schema:
            return st.just({})
        if "$ref" in schema:
            return self._of_reference(schema)
        schema = resolved(schema, self._root)
        if "const" in schema:
            return st.just(schema["const"])
        if schema.get("enum"):
            return st.sampled_from(list(schema["enum"]))
        for choice in ("anyOf", "oneOf"):
            if schema.get(choice):
                return st.one_of([self.of(one) for one in schema[choice]])
        if isinstance(schema.get("type"), list):
            return st.one_of([self.of({**schema, "type": kind}) for kind in schema["type"]])
        draw = _OF_TYPE.get(type_of(schema))
        return draw(self, schema) if draw else st.none()

    def _of_reference(self, schema: Schema) -> Values:
        reference = schema["$ref"]
        if reference not in self._named:
            self._named[reference] = st.deferred(lambda: self.of(resolved(schema, self._root)))
        return self._named[reference]

    def _object(self, schema: Schema) -> Values:
        properties = {name: self.of(one) for name, one in schema.get("properties", {}).items()}
        required = set(schema.get("required", ()))
        return st.fixed_dictionaries(
            {name: properties.get(name, st.none()) for name in sorted(required)},
            optional={name: one for name, one in properties.items() if name not in required},
        )

    def _array(self, schema: Schema) -> Values:
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        items = self.of(schema["items"]) if "items" in schema else st.none()
        most = max(least, 5) if most is None else most
        return st.lists(items, min_size=least, max_size=most, unique_by=repr if schema.get("uniqueItems") else None)

    def _string(self, schema: Schema) -> Values:
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            matching = st.from_regex(schema["pattern"])
            return matching.filter(lambda text: least <= len(text) <= (len(text) if most is None else most))
        return st.text(st.characters(codec="utf-8"), min_size=least, max_size=max(least, 20) if most is None else most)

    def _integer(self, schema: Schema) -> Values:
        least, most = integer_bounds(schema)
        step = schema.get("multipleOf", 1)
        low = None if least is None else -(-least // step)
        high = None if most is None else most // step
        return st.integers(low, high).map(lambda number: number * step)

    def _number(self, schema: Schema) -> Values:
        least, is_above, most, is_below = number_bounds(schema)
        return st.floats(
            least,
            most,
            exclude_min=is_above,
            exclude_max=is_below,
            allow_nan=False,
            allow_infinity=False,
        )


_OF_TYPE: dict[str, Any] = {
    "object": _Fitting._object,  # noqa: SLF001 - its own
    "array": _Fitting._array,  # noqa: SLF001
    "string": _Fitting._string,  # noqa: SLF001
    "integer": _Fitting._integer,  # noqa: SLF001
    "number": _Fitting._number,  # noqa: SLF001
    "boolean": lambda self, schema: st.booleans(),  # noqa: ARG005 - one signature for all types
}
