"""What a script asks of its run: the functions, tools and files that it names must be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy._engine.ports import EnginePorts
from understudy.errors import ImpossibleScript, NoFunction, nearest
from understudy.scripts import AnyFunctionCall, CodeInterpreter, FileSearch, FunctionCall, Reply


def check_against_run(moves: Sequence[Any], tools: list[dict[str, Any]], stage: EnginePorts, where: str) -> None:
    """What needs the run, checked before it starts.

    Raises:
        ImpossibleScript: a call of something that is not among the run's tools, or an unknown file.
    """
    for move in moves:
        for single in move if isinstance(move, tuple) else (move,):
            _check_move(single, tools, stage, where)


def _check_move(move: Any, tools: list[dict[str, Any]], stage: EnginePorts, where: str) -> None:
    types = [tool["type"] for tool in tools]
    if isinstance(move, AnyFunctionCall) and _bound(move, tools, where) is None:
        raise NoFunction(f"the script set at {where} calls a function, but the run has none among its tools {types}")
    if isinstance(move, FunctionCall):
        names = [tool["function"]["name"] for tool in tools if tool["type"] == "function"]
        if move.name not in names:
            close = nearest(move.name, names)
            have = f"its functions are {', '.join(map(repr, names))}" if names else "it has no functions"
            hint = f" Did you mean {close[0]!r}?" if close else " Add it to the assistant's or the run's tools."
            raise ImpossibleScript(
                f"the script set at {where} calls {move.name!r}, which is not among the run's tools: {have}.{hint}"
            )
    for kind, name in ((CodeInterpreter, "code_interpreter"), (FileSearch, "file_search")):
        if isinstance(move, kind) and name not in types:
            raise ImpossibleScript(
                f"the script set at {where} uses {type(move).__name__}, but {name!r} is not among the run's tools {types}"
            )
    if isinstance(move, Reply) and move.citations and not any(isinstance(part, str) for part in move.parts or ("",)):
        raise ImpossibleScript(f"the script set at {where} cites files in {move!r}, which has no text to cite them in")
    for file_id in _files_of(move):
        if stage.file_name(file_id) is None:
            raise ImpossibleScript(
                f"the script set at {where} names the file {file_id!r}, which does not exist: add it with add_file()"
            )


def _bound(move: AnyFunctionCall, tools: list[dict[str, Any]], where: str) -> FunctionCall | None:
    try:
        return move.bound(tools)
    except ImpossibleScript as error:
        raise ImpossibleScript(f"the script set at {where} cannot be performed: {error}") from error


def _files_of(move: Any) -> list[str]:
    if isinstance(move, Reply):
        return [*move.citations, *(image for image in move.images if isinstance(image, str))]
    if isinstance(move, CodeInterpreter):
        return [image for image in move.images if isinstance(image, str)]
    if isinstance(move, FileSearch) and move.results:
        return [result.file_id for result in move.results]
    return []
