"""The observed spec as the package ships it, and the small checker that holds recordings against it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cassettes.driving import recordings
from tests.effort import sampled
from understudy._cassettes import Interaction, load
from understudy._inspect import spec
from understudy._inspect.schema_check import SchemaCheck

needs_recordings = pytest.mark.skipif(not recordings(), reason="the real recordings do not lie beside this repository")


@cache
def validator(schema: str) -> Draft202012Validator:
    """A full validator of one of the document's schemas."""
    reference = {"$ref": f"#/components/schemas/{schema}", "components": spec.spec()["components"]}
    return Draft202012Validator(reference)


def damaged(value: Any) -> Any:
    """A value with the first key of its innermost object gone, and a number where a text was."""
    if isinstance(value, list):
        return [damaged(value[0]), *value[1:]] if value else [7]
    if isinstance(value, dict) and value:
        inner = next((key for key, item in value.items() if isinstance(item, dict) and item), None)
        if inner is not None:
            return {**value, inner: damaged(value[inner])}
        first = next(iter(value))
        return {key: 7 if isinstance(item, str) else item for key, item in value.items() if key != first}
    return value


@needs_recordings
@sampled(4)
def test_it_agrees_with_a_full_validator(every: int) -> None:
    """On every recorded answer, whole and damaged, the small checker says what jsonschema says."""
    seen: set[str] = set()
    for path in recordings()[::every]:
        for interaction in load(path):
            schema = spec.answer_schema(interaction)
            if schema is None or interaction.json is None or interaction.is_stream:
                continue
            if schema in seen and len(interaction.body or b"") > 2000:  # the same again, only longer
                continue
            seen.add(schema)
            for value in (interaction.json, damaged(interaction.json)):
                assert (not list(spec.of_value(value, schema))) == validator(schema).is_valid(value), (
                    path.name,
                    str(interaction),
                )
    assert len(seen) > (25 if every == 1 else 15)


@needs_recordings
@sampled(4)
def test_real_recordings_follow_the_spec(every: int) -> None:
    """No recorded answer breaks the spec; older ones may lack what came later, and nothing else."""
    found = [
        f"{path.name} {interaction} {violation}"
        for path in recordings()[::every]
        for interaction in load(path)
        for violation in spec.violations(interaction)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "string"}, 3, "the answer: is 3, expected string"),
        ({"type": ["string", "null"]}, None, None),
        ({"type": "integer"}, True, "the answer: is True, expected integer"),
        ({"type": "integer"}, 1.0, None),
        ({"enum": ["a", "b"]}, "c", "the answer: is 'c', expected one of 'a', 'b'"),
        ({"required": ["id"]}, {}, "the answer: lacks 'id'"),
        ({"properties": {"a": {"items": {"type": "number"}}}}, {"a": [1, "x"]}, "a[1]: is 'x', expected number"),
        ({"additionalProperties": False, "properties": {}}, {"b": 1}, "b: is a key that the spec does not know"),
        ({"additionalProperties": {"type": "string"}}, {"b": 1}, "b: is 1, expected string"),
        ({"propertyNames": {"maxLength": 2}}, {"abc": 1}, "abc: is longer than 2 characters"),
        ({"maximum": 2}, 3, "the answer: is above 2"),
        ({"minItems": 1}, [], "the answer: has fewer than 1 items"),
        ({"maxProperties": 0}, {"a": 1}, "the answer: has more than 0 keys"),
        ({"allOf": [{"type": "object"}, {"required": ["x"]}]}, {}, "the answer: lacks 'x'"),
        ({"const": "a"}, "b", "the answer: is 'b', expected 'a'"),
    ],
)
def test_each_keyword(schema: dict[str, Any], value: Any, said: str | None) -> None:
    """Every keyword of the document is understood, and its breach is told in words."""
    assert [str(violation) for violation in SchemaCheck({}).violations(value, schema)] == ([said] if said else [])


def test_the_nearest_of_several_kinds_is_meant() -> None:
    """Of alternatives, the breach is told of the one that the value means to be."""
    text = {"type": "object", "properties": {"type": {"enum": ["text"]}, "text": {"type": "string"}}, "required": ["text"]}
    image = {"type": "object", "properties": {"type": {"enum": ["image"]}, "url": {"type": "string"}}}
    found = list(SchemaCheck({}).violations({"type": "text", "text": 3}, {"oneOf": [image, text]}))
    assert [str(violation) for violation in found] == ["text: is 3, expected string"]


def answered(body: bytes, kind: str = "application/json", path: str = "/threads/thread_1", status: int = 200) -> list[str]:
    """What is wrong with an answer to a GET of a path."""
    interaction = Interaction(
        index=0,
        method="GET",
        url=f"https://api.openai.com/v1{path}",
        status=status,
        headers=(("content-type", kind),),
        body=body,
    )
    return [str(violation) for violation in spec.violations(interaction)]


def test_what_an_answer_is_held_against() -> None:
    """JSON by its operation, errors and events by their own schemas; what the spec lacks by nothing."""
    assert answered(b"<html>") == ["the answer: is not JSON"]
    assert "the answer: lacks 'created_at'" in answered(b'{"id": "thread_1", "object": "thread"}')
    assert answered(b'{"error": 3}', status=404) == ["error: is 3, expected object"]
    assert answered(b'{"anything": 1}', path="/chat/completions/x") == []
    stream = b"event: thread.run.sleeping\ndata: {}\n\nevent: nonsense\ndata: {}\n\nevent: done\ndata: [DONE]\n\n"
    found = answered(stream, "text/event-stream")
    assert found[-1] == "event 1: is 'nonsense', which the spec does not know"
    assert "event 0 thread.run.sleeping: lacks 'id'" in found
