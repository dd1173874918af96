"""The values of the admin route from JSON: moves, faults, conditions, contents."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from understudy import faults, scripts
from understudy.errors import ImpossibleScript, nearest

Json = dict[str, Any]
_KINDS = (getattr(scripts, name) for name in scripts.__all__)
MOVES = {
    kind.__name__: kind
    for kind in _KINDS
    if isinstance(kind, type)
    and issubclass(kind, scripts.Move)
    and not kind.__name__.startswith(("Any", "Move", "CallMove"))
}
FAULTS = {kind.__name__: kind for kind in faults.What.__subclasses__()}
CONDITIONS = ("text", "regex", "function", "assistant")
_PLACEHOLDER = re.compile(r"\{(\{*)outputs\[(\w+)\](\}*)\}")


def moves_from(given: Any) -> list[Any]:
    """Read a script: a list of moves, in which a list is one step of parallel calls.

    A script that uses submitted outputs (`{outputs[0]}`) becomes one generator function.

    Raises:
        ImpossibleScript: a move that does not exist, or that the service could not perform.
    """
    steps = _list("moves", given)
    moves = [_step(step) for step in steps]
    if not any(_used_outputs(step) for step in steps):
        return moves
    scripts.check_moves(moves)
    _check_outputs(steps)
    return [_generator_of(steps)]


def fault_from(given: Any) -> Any:
    """Read a fault: `{"RateLimited": {"retry_after": 2}}`."""
    return _value(given, "fault", FAULTS)


def content_from(name: str, given: Any) -> bytes:
    """Read a content: a string, or `{"base64": "..."}`.

    Raises:
        TypeError: anything else.
        ValueError: invalid base64.
    """
    if isinstance(given, str):
        return given.encode()
    if _is_base64(given):
        try:
            return base64.b64decode(given["base64"], validate=True)
        except (binascii.Error, TypeError) as error:
            raise ValueError(f"{name}: not base64: {error}") from None
    raise TypeError(f'{name}: expected a string, or {{"base64": "..."}} for bytes, got {given!r}')


def condition_from(given: Any) -> Json:
    """Read a `when`: a string in the last user message, or an object of `CONDITIONS`."""
    if given is None:
        return {}
    if isinstance(given, str):
        return {"text": given}
    if not isinstance(given, dict) or not given:
        raise TypeError(f"when: expected a string, or an object with {', '.join(CONDITIONS)}, got {given!r}")
    for name, value in given.items():
        if name not in CONDITIONS:
            close = nearest(name, CONDITIONS) or CONDITIONS
            raise TypeError(f"when has no {name!r}; nearest: {', '.join(close)}")
        if not isinstance(value, str):
            raise TypeError(f"when.{name}: expected a string, got {value!r}")
    if "regex" in given:
        try:
            re.compile(given["regex"])
        except re.error as error:
            raise ValueError(f"when.regex: {given['regex']!r} is not a regular expression: {error}") from None
    return given


def function_names(tools: Any) -> list[str]:
    """Return the names of the functions among a request's tools, in either API."""
    if not isinstance(tools, Sequence) or isinstance(tools, str):
        return []
    found = [tool for tool in tools if isinstance(tool, Mapping) and tool.get("type") == "function"]
    inner = [tool["function"] if isinstance(tool.get("function"), Mapping) else tool for tool in found]
    return [str(function.get("name")) for function in inner]


# -- moves ----------------------------------------------------------------------


def _step(given: Any) -> Any:
    return [_move(call) for call in given] if isinstance(given, list) else _move(given)


def _move(given: Any) -> Any:
    return scripts.Reply(given) if isinstance(given, str) else _value(given, "move", MOVES)


def _list(name: str, given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise ImpossibleScript(f"{name}: expected a list, got {given!r}")
    return given


def _value(given: Any, what: str, kinds: Mapping[str, Any]) -> Any:
    """Read `{"Name": {"field": ...}}` as the value of that name."""
    if not isinstance(given, dict) or len(given) != 1:
        expected = 'expected one name with its fields, {"Name": {...}}'
        raise ImpossibleScript(f"{what}: {expected}, got {given!r}")
    [(name, arguments)] = given.items()
    kind = kinds.get(name)
    if kind is None:
        close = nearest(name, kinds) or sorted(kinds)
        raise ImpossibleScript(f"{what}: {name!r} does not exist; nearest: {', '.join(close)}")
    return _create(kind, arguments)


def _create(kind: Any, given: Any) -> Any:
    """Create a value from its fields, with the results of a file search."""
    name, known = kind.__name__, [spec.name for spec in fields(kind)]
    if not isinstance(given, dict):
        listed = ", ".join(known)
        raise ImpossibleScript(f"{name}: expected an object with its fields ({listed}), got {given!r}")
    for key in given:
        if key not in known:
            raise ImpossibleScript(f"{name} has no {key!r}; it has {', '.join(known)}")
    given = {key: _with_bytes(f"{name}.{key}", value) for key, value in given.items()}
    if kind is scripts.FileSearch and given.get("results") is not None:
        results = _list("results", given["results"])
        given["results"] = [_create(scripts.SearchResult, result) for result in results]
    return kind(**given)


def _with_bytes(name: str, value: Any) -> Any:
    """Decode items of a list that are base64 (images, parts)."""
    if not isinstance(value, list):
        return value
    return [content_from(name, item) if _is_base64(item) else item for item in value]


def _is_base64(given: Any) -> bool:
    return isinstance(given, dict) and set(given) == {"base64"}


# -- submitted outputs ----------------------------------------------------------


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _used_outputs(step: Any) -> list[str]:
    """Return the keys of the outputs that a step uses: numbers, function names."""
    found = [match for text in _texts(step) for match in _PLACEHOLDER.finditer(text)]
    return [match[2] for match in found if not match[1]]


def _calls(step: Any) -> list[str]:
    calls = step if isinstance(step, list) else [step]
    called = [call["FunctionCall"] for call in calls if isinstance(call, dict) and "FunctionCall" in call]
    return [call["name"] for call in called]


def _check_outputs(steps: list[Any]) -> None:
    """Refuse a placeholder that no submitted output can fill."""
    latest: list[str] = []
    named: set[str] = set()
    for step in steps:
        for key in _used_outputs(step):
            if key.isdecimal() and int(key) >= len(latest):
                text = f"{{outputs[{key}]}}: the preceding step of calls has {len(latest)} output(s)"
                raise ImpossibleScript(f"{text}, counted from 0")
            if not key.isdecimal() and key not in named:
                listed = ", ".join(sorted(named)) or "none"
                raise ImpossibleScript(f"{{outputs[{key}]}}: not preceded by a call of {key!r}; preceding calls: {listed}")
        latest = _calls(step) or latest
        named.update(_calls(step))


def _generator_of(steps: list[Any]) -> Any:
    def script_with_outputs(run: scripts.ScriptedRun) -> Iterator[Any]:
        latest: list[str] = []
        for step in steps:
            outputs = yield _step(_fill(step, latest, run.outputs))
            latest = outputs or latest

    script_with_outputs.__name__ = json.dumps(steps, ensure_ascii=False)  # shown in messages
    return script_with_outputs


def _fill(value: Any, latest: Sequence[str], named: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _replacement(match, latest, named), value)
    if isinstance(value, Mapping):
        return {key: _fill(item, latest, named) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, latest, named) for item in value]
    return value


def _replacement(match: re.Match[str], latest: Sequence[str], named: Mapping[str, str]) -> str:
    """Return the output for a placeholder; `{{outputs[0]}}` stays text."""
    if match[1]:
        return match[0][1:-1] if match[3] else match[0]
    output = latest[int(match[2])] if match[2].isdecimal() else named[match[2]]
    return output + match[3]
