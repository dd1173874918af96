"""Tool calls, from the moves that a script gives, and the pieces a stream sends them in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from understudy._engine.content import WORDS
from understudy._engine.objects import (
    CodeInterpreterToolCall,
    FileSearchToolCall,
    FunctionToolCall,
    Run,
    SearchHit,
    Step,
    ToolCall,
)
from understudy._engine.ports import EnginePorts, image_id
from understudy.scripts import AnyFunctionCall, CodeInterpreter, FileSearch, FunctionCall


def make_call(stage: EnginePorts, run: Run, step: Step, move: Any) -> ToolCall:
    """The call that a move of a script asks for, complete."""
    if isinstance(move, AnyFunctionCall):
        move = move.bound(run.settings.tools)
    given = move.id if isinstance(move, FunctionCall) else None
    call_id = given or stage.new_id("call", step.id, step.created_at)
    if isinstance(move, FunctionCall):
        return FunctionToolCall(call_id, move.name, move.arguments_text)
    if isinstance(move, CodeInterpreter):
        outputs = [("logs", move.logs)] if move.logs is not None else []
        outputs += [("image", image_id(stage, image, step.created_at)) for image in move.images]
        return CodeInterpreterToolCall(call_id, move.input, tuple(outputs))
    return _search(stage, run, call_id, move)


def _search(stage: EnginePorts, run: Run, call_id: str, move: FileSearch) -> FileSearchToolCall:
    """A file search, with the ranking options of the run's tool. [REC]"""
    tool = next((tool for tool in run.settings.tools if tool["type"] == "file_search"), {})
    ranking = tool.get("file_search", {}).get("ranking_options", {})
    return FileSearchToolCall(
        call_id,
        _hits(stage, run, move),
        ranker=ranking.get("ranker", "default_2024_08_21"),
        score_threshold=ranking.get("score_threshold", 0.0),
    )


def _hits(stage: EnginePorts, run: Run, move: FileSearch) -> tuple[SearchHit, ...]:
    if move.results is None:
        return stage.search(run, move.query or "")
    return tuple(
        SearchHit(result.file_id, stage.file_name(result.file_id) or "", result.score, result.text)
        for result in move.results
    )


def call_pieces(call: ToolCall) -> list[tuple[ToolCall | None, ToolCall]]:
    """How a call arrives in a stream: pairs of what is known before and after each delta. [REC]"""
    if isinstance(call, FunctionToolCall):
        empty: ToolCall = replace(call, arguments="")
        return [(None, empty), (empty, call)] if call.arguments else [(None, empty)]
    if isinstance(call, CodeInterpreterToolCall):
        stages: list[CodeInterpreterToolCall] = [replace(call, input="", outputs=())]
        for word in WORDS.findall(call.input):
            stages.append(replace(stages[-1], input=stages[-1].input + word))
        if call.outputs:
            stages.append(call)
        return list(zip([None, *stages], stages, strict=False))
    return [(None, replace(call, results=()))]
