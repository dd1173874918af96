"""A null is what it is in every body of the API: not given. One law over the whole table of operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import understudy
from understudy._apis import faces
from understudy._apis.common.schema import Array, Either, Fields, Tagged

from .limit_samples import RESPONSES, EnginePorts, placed
from .test_limits import CLIENT, HEADERS

Trail = tuple[Any, ...]


def optional(check: Any, trail: Trail = ()) -> Iterator[tuple[Trail, str]]:
    """Every key that an object in a body may leave out: the way to that object, and the key."""
    if len(trail) > 10:
        return
    if isinstance(check, Fields):
        yield from ((trail, key) for key in check.known if key not in check.required and key != "type")
        for key, inner in check.known.items():
            yield from optional(inner, (*trail, key))
    elif isinstance(check, Array):
        yield from optional(check.item, (*trail, None))
    elif isinstance(check, Either):
        for kind, inner in check.options.items():
            yield from optional(inner, (*trail, kind))
    elif isinstance(check, Tagged):
        for tag, inner in check.options.items():
            yield from optional(inner, (*trail, (check.key, tag)))


def named(case: Any) -> str:
    return case if isinstance(case, str) else ".".join(map(str, case))


CASES = [
    (operation.name, trail, key)
    for operation in sorted(faces.ALL.operations, key=lambda one: one.name != "conversations.items.create")
    if isinstance(operation.body, Fields)
    for trail, key in optional(operation.body)
]


def held_by(name: str, trail: Trail) -> Any:
    """The check of the object at the end of a way."""
    held: Any = faces.ALL.by_name[name].body
    for step in trail:
        held = _below(held, step)
    return held


def objects() -> list[Any]:
    """Every object of a body; where operations, or places, of Responses share a check, all but one of them are `deep`."""
    seen: set[int] = set()
    found = []
    for name, trail in dict.fromkeys((name, trail) for name, trail, _ in CASES):
        check = id(held_by(name, trail))
        marks = [pytest.mark.deep] if name in RESPONSES and check in seen else []
        seen.add(check)
        found.append(pytest.param(name, trail, id=f"{name}-{named(trail)}", marks=marks))
    return found


def answer_to(name: str, trail: Trail, changed: Any) -> Any:
    """What a service just like any other answers to a request in which the object at the end of the way is changed."""
    with understudy.simulate(strict=False) as backend:
        stage = EnginePorts(backend, name)
        sent = placed(faces.ALL.by_name[name].body, trail, changed(stage.least(held_by(name, trail))), stage)
        answer = CLIENT.post(f"https://api.openai.com/v1{stage.path(name)}", headers=HEADERS, json=sent)
        return answer.status_code, answer.json()


def _below(check: Any, step: Any) -> Any:
    if isinstance(check, Fields):
        return check.known[step]
    if isinstance(check, Array):
        return check.item
    return check.options[step[1] if isinstance(check, Tagged) else step]


def is_not_given(name: str, trail: Trail, keys: list[str]) -> None:
    with_null = answer_to(name, trail, lambda value: {**value, **dict.fromkeys(keys)})
    without = answer_to(name, trail, lambda value: {key: value[key] for key in value if key not in keys})
    assert with_null == without
    assert "expected" not in str(with_null[1].get("error", "")).replace("Expected tool outputs", "")


@pytest.mark.parametrize(("name", "trail"), objects())
def test_nulls_are_not_given(name: str, trail: Trail) -> None:
    """With null for every optional key of an object a request is answered as without them, to the byte."""
    is_not_given(name, trail, [key for *where, key in CASES if where == [name, trail]])


@pytest.mark.deep
@pytest.mark.parametrize(("name", "trail", "key"), CASES, ids=named)
def test_null_is_not_given(name: str, trail: Trail, key: str) -> None:
    """With null for one optional key a request is answered as without it, to the byte."""
    is_not_given(name, trail, [key])


def test_null_is_no_value_of_a_required_key() -> None:
    """What must be there must not be null; a file's attributes may be, which takes them away."""
    with understudy.simulate(strict=False) as backend:
        client: Any = backend.client()
        stage = EnginePorts(backend, "assistants.create")
        answer = CLIENT.post("https://api.openai.com/v1/assistants", headers=HEADERS, json={"model": None})
        assert answer.json()["error"]["code"] == "invalid_type"
        files = client.vector_stores.files
        files.update(stage.file, vector_store_id=stage.store, attributes={"a": 1})
        assert files.update(stage.file, vector_store_id=stage.store, attributes=None).attributes == {}
