"""Misspelt and missing keys, one law over every object of every JSON body: missing before unknown, with the near name."""

from __future__ import annotations

from typing import Any

import pytest

import understudy
from understudy._apis import faces
from understudy._apis.common.schema import Fields

from .limit_samples import EnginePorts, placed
from .test_limits import CLIENT, HEADERS
from .test_nulls import Trail, held_by, objects


def error_of(name: str, trail: Trail, changed: Any) -> Any:
    """The error that a request is answered with in which the object at the end of the way is changed."""
    with understudy.simulate(strict=False) as backend:
        stage = EnginePorts(backend, name)
        sent = placed(faces.ALL.by_name[name].body, trail, changed(stage.least(held_by(name, trail))), stage)
        return CLIENT.post(f"https://api.openai.com/v1{stage.path(name)}", headers=HEADERS, json=sent).json().get("error")


def ways() -> list[Any]:
    """Every object of a body, as `test_nulls` has them."""
    return [param for param in objects() if isinstance(held_by(*param.values), Fields)]


@pytest.mark.parametrize(("name", "trail"), ways())
def test_an_unknown_key(name: str, trail: Trail) -> None:
    """A key that no object of a body has is refused by its name and place, in all of them."""
    error = error_of(name, trail, lambda value: {**value, "zzzz": 1})
    assert error["code"] == "unknown_parameter"
    assert error["message"] == f"Unknown parameter: '{error['param']}'."
    assert error["param"].endswith("zzzz")


@pytest.mark.parametrize(("name", "trail"), [way for way in ways() if held_by(*way.values).required])
def test_a_misspelt_key(name: str, trail: Trail) -> None:
    """A required key that is misspelt is missing, not unknown, and the name given for it is said."""
    key = held_by(name, trail).required[0]
    wrong = f"{key}s"
    error = error_of(name, trail, lambda value: {**{k: v for k, v in value.items() if k != key}, wrong: value.get(key)})
    assert error["code"] == "missing_required_parameter"
    assert error["message"].endswith(f"You provided '{wrong}', did you mean to provide '{key}'?")
