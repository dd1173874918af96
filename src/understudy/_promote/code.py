"""Statements as Python code, to be pasted into a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pprint import pformat
from textwrap import fill, indent
from typing import Any

from understudy._promote.scenario_setup import Statement
from understudy.scripts import Move, SearchResult

WIDTH = 110  # of a line of code, in characters
_LITERAL_WIDTH = 96
_STEP = "    "


def module_code(statements: Sequence[Statement], left_out: Sequence[str], name: str) -> str:
    """Return a module with a function `set_up(backend)` that runs the statements.

    Args:
        statements: of a scenario, in order.
        left_out: what could not be carried over; each a sentence, written as a comment.
        name: of the recording.
    """
    names = sorted({kind for statement in statements for kind in _kinds(statement.args)})
    lines = [f'"""What the recording {name} promotes to; `understudy promote` wrote it."""', ""]
    if names:
        lines += [_import_statement(names), ""]
    lines += ["", "def set_up(backend):"]
    for sentence in left_out:
        lines.append(indent(fill(f"left out: {sentence}", WIDTH - 6), f"{_STEP}# "))
    for statement in statements:
        lines += _statement(statement)
    return "\n".join(lines) + "\n"


def _import_statement(names: list[str]) -> str:
    line = f"from understudy import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join(["from understudy import (", *(f"{_STEP}{name}," for name in names), ")"])


def _statement(statement: Statement) -> Iterator[str]:
    if statement.comment:
        yield f"{_STEP}# {statement.comment}"
    target = statement.target
    if target.startswith("backend.clock."):  # the wall clock of `understudy serve --time real` cannot be moved
        yield f"{_STEP}if backend.clock.virtual:"
        yield f"{_STEP * 2}{target}({', '.join(map(_number, statement.args))})"
        return
    arguments = [_code(value) for value in statement.args]
    arguments += [f"{name}={_code(value)}" for name, value in statement.given.items()]
    line = f"{_STEP}{target}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        yield line
        return
    yield f"{_STEP}{target}("
    for argument in arguments:
        yield f"{indent(argument, _STEP * 2)},"
    yield f"{_STEP})"


def _number(value: float) -> str:
    return f"{value:_}" if isinstance(value, int) else repr(value)


def _code(value: Any) -> str:
    """Return a value as code, a long one over several lines.

    A tuple of calls becomes a list: in a script, one step.
    """
    if isinstance(value, tuple) and any(isinstance(item, Move) for item in value):
        inner = ",\n".join(indent(_code(item), _STEP) for item in value)
        return f"[\n{inner},\n]"
    if isinstance(value, (Move, SearchResult)) or not isinstance(value, (dict, list)):
        return repr(value)
    return pformat(value, width=WIDTH - 16, sort_dicts=False)


def literal(value: object) -> str:
    """Return a dictionary or list as code.

    A long one is written over several lines, its brackets on lines of their own.
    """
    text = pformat(value, width=_LITERAL_WIDTH, sort_dicts=False)
    if "\n" not in text:
        return text
    return f"{text[0]}\n{indent(f' {text[1:-1]},', '   ')}\n{text[-1]}"


def _kinds(value: Any) -> Iterator[str]:
    """Yield the names of the moves that the code has to import."""
    if isinstance(value, (Move, SearchResult)):
        yield type(value).__name__
        yield from _kinds(getattr(value, "results", None))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _kinds(item)
