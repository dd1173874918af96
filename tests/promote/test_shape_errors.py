"""What reading JSON of another shape raises, told from what a defect raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from understudy._common.shape_errors import is_about_data

ODD: tuple[Any, ...] = (None, 3, 2.5, True, "x", [], {}, [None], {"a": 1})
READERS: dict[str, Callable[[Any], Any]] = {
    "a key": lambda value: value["tools"]["type"],
    "a method": lambda value: value.get("tools").items(),
    "an index": lambda value: value[0][0],
    "a loop": lambda value: [item["id"] for item in value],
    "a sum": lambda value: "" + value + 1,
    "a comparison": lambda value: value < [] < 1,
    "membership": lambda value: "id" in value and value["a"] is not value["b"],
    "an element of a set": lambda value: value in {"a", 3} and {value},
    "joined": lambda value: "".join(value) + value.lower(),
    "unpacked": lambda value: [first for first, _ in [value]],
    "a number": lambda value: float(value) + int("x"),
    "a text's beginning": lambda value: "text".startswith(value) or value.startswith(3),
    "further keys": lambda value: {**value, "a": 1}["b"],
    "length": lambda value: len(value) and next(iter(())),
}


def raised_by(reader: Callable[[Any], Any], value: Any) -> Exception | None:
    """What reading a value raises; None if it is read."""
    try:
        reader(value)
    except Exception as error:
        return error
    return None


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_reading_a_value_of_another_shape(reader: Callable[[Any], Any]) -> None:
    """Whatever a reader raises about a JSON value is about data, on every Python."""
    raised = [error for value in ODD if (error := raised_by(reader, value)) is not None]
    assert raised
    assert [error for error in raised if not is_about_data(error)] == []
