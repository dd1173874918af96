"""Reads YAML as every recorder means it, whichever version of YAML it writes.

YAML 1.1 takes `12:30` for 750 and `yes` for true; a writer of YAML 1.2 leaves such texts unquoted. A writer of 1.1 quotes
them. So what looks like JSON's numbers, booleans and null is that, and every other plain scalar is a text: right for both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

from understudy._cassettes.yaml_events import Unusual, data_of

_LONGEST_NUMBER = 400  # characters: a float's digits; Python converts longer ones in quadratic time
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INT = re.compile(rf"(?=.{{1,{_LONGEST_NUMBER}}}\Z)-?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(
    rf"(?=.{{1,{_LONGEST_NUMBER}}}\Z)(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_TAG = "tag:yaml.org,2002:"


def yaml_data(text: str) -> Any:
    """Return the data in a YAML text.

    Raises:
        yaml.YAMLError: it is not YAML, or has a tag that no recorder writes.
    """
    try:
        return data_of(text, _plain)
    except Unusual:
        return constructed(text)


def constructed(text: str) -> Any:
    """Return the data in a YAML text by PyYAML's constructor.

    It is what `yaml_data` has to return, more slowly.

    Raises:
        yaml.YAMLError: as `yaml_data`.
    """
    import yaml

    return yaml.load(text, Loader=_loader())  # noqa: S506 - a subclass of the safe loader


def _plain(text: str) -> Any:
    """Return the value of a scalar without quotes; leave a merge key alone."""
    if text[:1] not in _FIRST:
        if text == "<<":
            raise Unusual
        return text
    for pattern, value in _VALUES:
        if pattern.match(text):
            return value(text)
    return text


@cache
def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Keeps texts as texts, and builds only plain values from recorders' tags."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # PyYAML's own way to declare them

    for name, pattern, first in _RESOLVERS:
        Loader.add_implicit_resolver(_TAG + name, pattern, first)
    for name, construct in _CONSTRUCTORS.items():
        Loader.add_constructor(name, construct)
    return Loader


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _number(loader: Any, node: Any) -> Any:
    text = loader.construct_scalar(node)
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return _float(text)
    raise _wrong(node, f"{text[:40]!r} is not a number")


def _wrong(node: Any, problem: str) -> Exception:
    from yaml.constructor import ConstructorError

    return ConstructorError(None, None, problem, node.start_mark)


def _as_text(loader: Any, node: Any) -> Any:
    return loader.construct_scalar(node)


def _as_bytes(loader: Any, node: Any) -> Any:
    return loader.construct_yaml_binary(node)


def _as_tuple(loader: Any, node: Any) -> Any:
    return tuple(loader.construct_sequence(node, deep=True))


def _as_file(loader: Any, node: Any) -> Any:
    """Return the bytes of a file that vcrpy pickled.

    `state` is (content, position, attributes).
    """
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    content = state[0] if isinstance(state, (list, tuple)) and state else b""
    return BytesIO(content.encode() if isinstance(content, str) else bytes(content or b""))


def _as_pieces(loader: Any, node: Any) -> Any:
    """Return the pieces of an iterator that vcrpy pickled.

    `args` holds the list that it ran over.
    """
    arguments: Any = loader.construct_mapping(node, deep=True).get("args") or ([],)
    pieces = arguments[0] if isinstance(arguments, (list, tuple)) and arguments else []
    return list(pieces or ())


_CONSTRUCTORS = {
    f"{_TAG}int": _number,
    f"{_TAG}float": _number,
    f"{_TAG}timestamp": _as_text,
    f"{_TAG}python/str": _as_text,
    f"{_TAG}python/unicode": _as_text,
    f"{_TAG}python/tuple": _as_tuple,
    f"{_TAG}python/object/new:_io.BytesIO": _as_file,
    f"{_TAG}python/object/apply:builtins.iter": _as_pieces,
    "!binary": _as_bytes,  # Ruby's Psych
    "!str": _as_text,
    "!ruby/string": _as_text,
}
_RESOLVERS = (
    ("null", _NULL, ["~", "n", "N", ""]),
    ("bool", _BOOL, list("tTfF")),
    ("int", _INT, list("-0123456789")),
    ("float", _FLOAT, list("-+.0123456789")),
)
_FIRST = frozenset(first for _, _, all_first in _RESOLVERS for first in all_first)
_VALUES: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (_NULL, lambda _: None),
    (_BOOL, lambda text: text.lower() == "true"),
    (_INT, int),
    (_FLOAT, _float),
)
